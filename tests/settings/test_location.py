"""Where the warehouse is, out of one word of configuration."""

from pathlib import Path

import pytest

from cce_etl.settings.location import Lake, read_lake, same_file, with_data


def test_a_lake_is_named_by_its_catalog_and_said_as_it_is_written() -> None:
    text = "ducklake:postgres:dbname=jobs host=db.example user=jobs"
    lake = read_lake(text)
    assert lake == Lake("postgres:dbname=jobs host=db.example user=jobs")
    assert str(lake) == text
    assert lake.is_shared


def test_a_catalog_in_a_file_serves_one_process() -> None:
    lake = read_lake("ducklake:~/catalog.duckdb")
    assert lake == Lake(str(Path.home() / "catalog.duckdb"))
    assert not lake.is_shared


def test_a_path_names_no_lake() -> None:
    assert read_lake("data/ducklake.duckdb") is None


@pytest.mark.parametrize(
    "text",
    [
        "ducklake:postgres:dbname=jobs password=secret-word",
        "ducklake:postgres:dbname=jobs PASSWORD = secret-word",
        "ducklake:postgres:postgresql://jobs:secret-word@db.example/jobs",
        "ducklake:postgres:postgresql:/jobs:secret-word@db.example/jobs",
        "ducklake:postgresql://jobs:secret-word@db.example/jobs",
        "ducklake:POSTGRES:dbname=jobs password=secret-word",
        "DuckLake:postgres:dbname=jobs password=secret-word",
        " ducklake: postgres:dbname=jobs password=secret-word",
        "ducklake:mysql:db=jobs password=secret-word",
        "ducklake:postgres:dbname=jobs sslpassword=secret-word",
        "postgres:dbname=jobs password=secret-word",
    ],
)
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="PGPASSWORD") as refused:
        read_lake(text)
    assert "secret-word" not in str(refused.value)


def test_a_lake_without_a_catalog_is_refused() -> None:
    with pytest.raises(ValueError, match="names no catalog"):
        read_lake("ducklake:")


def test_the_files_of_a_lake_are_in_a_bucket_or_a_folder() -> None:
    assert with_data(Lake("c"), "s3://bucket/jobs") == Lake("c", "s3://bucket/jobs")
    assert with_data(Lake("c"), "~/jobs") == Lake("c", f"{Path.home()}/jobs/")


@pytest.mark.parametrize("data", ["gs://bucket/jobs", "s3:/bucket/jobs", "jobs", "~no-such-user/jobs"])
def test_a_place_that_is_none_or_another_one_elsewhere_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match=r"whole path|home folder"):
        with_data(Lake("c"), data)


def test_a_catalog_in_the_folder_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="home folder"):
        read_lake("ducklake:~no-such-user/catalog.duckdb")


def test_a_file_may_have_a_colon_in_its_name() -> None:
    assert read_lake("backup:2026.duckdb") is None


def test_a_lake_is_no_file(tmp_path: Path) -> None:
    assert same_file(tmp_path, tmp_path)
    assert not same_file(Lake(str(tmp_path)), tmp_path)
