"""Settings: which of several values is used, which values are wrong, and secrets that are not shown."""

from pathlib import Path

import pytest

from cce_etl.errors import ConfigError
from cce_etl.settings.settings import SECRETS, Settings, Slo, environment_name, read_settings

CANARY = "canary-0123456789"


def from_environment(folder: Path, **variables: str) -> Settings:
    return read_settings({}, variables, folder)


def test_settings_that_are_not_set_have_their_defaults(tmp_path: Path) -> None:
    settings = from_environment(tmp_path)
    assert settings == Settings()
    assert (settings.concurrency, settings.rate_limit, settings.max_attempts) == (32, 50.0, 6)
    assert settings.warehouse == Path("data/warehouse.duckdb")
    assert settings.published == Path("data/cce_jobs.duckdb")


def test_history_is_kept_for_ever_unless_days_are_set(tmp_path: Path) -> None:
    assert from_environment(tmp_path).raw_history_days is None
    (tmp_path / "cce-etl.toml").write_text("raw_history_days = 400\nmin_coverage = 1\nmax_dead_letters = 0\n")
    settings = from_environment(tmp_path)
    assert (settings.raw_history_days, settings.min_coverage, settings.max_dead_letters) == (400, 1.0, 0)


def test_an_option_overrides_the_environment_which_overrides_the_file(tmp_path: Path) -> None:
    (tmp_path / "cce-etl.toml").write_text('region = "file"\nsource = "file"\nproject_id = "file"\n')
    options: dict[str, object] = {"region": "option", "source": None}
    environment = {"CCE_REGION": "environment", "CCE_SOURCE": "environment"}
    settings = read_settings(options, environment, tmp_path)
    assert (settings.region, settings.source, settings.project_id) == ("option", "environment", "file")


def test_an_empty_variable_counts_as_not_set_and_values_are_trimmed(tmp_path: Path) -> None:
    settings = from_environment(tmp_path, CCE_REGION="  ", CCE_PROJECT_ID=" p \n", CCE_CONCURRENCY=" 8 ")
    assert (settings.region, settings.project_id, settings.concurrency) == (None, "p", 8)


def test_the_variables_of_the_official_sdk_are_read_after_our_own(tmp_path: Path) -> None:
    sdk = {"HUAWEICLOUD_SDK_AK": "sdk", "CLOUD_SDK_AK": "sample", "HUAWEICLOUD_SDK_PROJECT_ID": "sdk"}
    settings = from_environment(tmp_path, **sdk, CLOUD_SDK_SK="sample", CCE_PROJECT_ID="ours")
    # The parts of two keys are never mixed.
    assert (settings.access_key, settings.secret_key, settings.project_id) == ("sdk", None, "ours")


def test_a_file_needs_no_place_for_the_files_of_a_lake(tmp_path: Path) -> None:
    settings = from_environment(tmp_path, CCE_WAREHOUSE="w.duckdb", CCE_WAREHOUSE_DATA="s3://bucket/jobs")
    assert settings.warehouse == Path("w.duckdb")


def test_a_tilde_in_a_path_is_the_home_folder(tmp_path: Path) -> None:
    assert from_environment(tmp_path, CCE_WAREHOUSE="~/w.duckdb").warehouse == Path.home() / "w.duckdb"
    assert read_settings({"published": tmp_path / "p"}, {}, tmp_path).published == tmp_path / "p"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("concurrency", value) for value in ("0", "-1", "1025", "1.5", "many", "1e9", "nan", "true")),
        *(("rate_limit", value) for value in ("-1", "nan", "fast")),
        *(("max_attempts", value) for value in ("0", "101")),
        *(("timeout_seconds", value) for value in ("0", "-1", "nan", "1 s")),
        *(("max_body_bytes", value) for value in ("0", "32MB")),
        *(("raw_history_days", value) for value in ("0", "-1", "1.5", "a year")),
        *(("max_age_hours", value) for value in ("0", "nan", "inf")),
        *(("min_coverage", value) for value in ("-0.1", "1.1", "95%", "nan")),
        *(("max_dead_letters", value) for value in ("-1", "few")),
    ],
)
def test_a_wrong_number_is_reported_with_where_it_was_set(tmp_path: Path, field: str, value: str) -> None:
    name = environment_name(field)
    with pytest.raises(ConfigError, match=name):
        from_environment(tmp_path, **{name: value})
    with pytest.raises(ConfigError, match=f"the option --{field.replace('_', '-')}"):
        read_settings({field: value}, {}, tmp_path)
    (tmp_path / "cce-etl.toml").write_text(f'{field} = "{value}"\n')
    with pytest.raises(ConfigError, match=f"{field} in cce-etl.toml"):
        from_environment(tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"concurency = 8\n", "unknown settings: concurency. Known are .*concurrency"),
        (b"concurrency = [8]\n", "concurrency in cce-etl.toml is wrong"),
        (b"project_id = 7\n", "project_id in cce-etl.toml is wrong"),
        (b"concurrency 8\n", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_wrong_file_is_reported_by_name(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "cce-etl.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=expected) as caught:
        from_environment(tmp_path)
    assert "cce-etl.toml" in str(caught.value)
    assert "auth_token" not in str(caught.value)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_the_file_is_refused_without_showing_it(tmp_path: Path, secret: str) -> None:
    (tmp_path / "cce-etl.toml").write_text(f'{secret} = "{CANARY}"\n')
    with pytest.raises(ConfigError, match=environment_name(secret)) as caught:
        from_environment(tmp_path)
    assert CANARY not in str(caught.value)


def test_no_text_of_the_settings_shows_a_secret(tmp_path: Path) -> None:
    settings = from_environment(tmp_path, **{environment_name(secret): CANARY for secret in SECRETS})
    assert all(getattr(settings, secret) == CANARY for secret in SECRETS)
    assert CANARY not in repr(settings) + str(settings) + f"{settings}" + repr({"settings": [settings]})
    with pytest.raises(ConfigError) as caught:
        read_settings({"auth_token": [CANARY]}, {}, tmp_path)
    assert CANARY not in str(caught.value)


def test_the_service_level_is_read_from_its_table_in_the_file_alone(tmp_path: Path) -> None:
    assert from_environment(tmp_path, CCE_SLO="objective").slo == Slo()
    content = '[slo]\nwindow_days = 7\n[slo.targets]\nInstallMaster = 600\n"A-b.c" = 1.5\n'
    (tmp_path / "cce-etl.toml").write_text(content)
    slo = from_environment(tmp_path).slo
    assert slo == Slo(targets={"InstallMaster": 600.0, "A-b.c": 1.5}, objective=0.95, window_days=7)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[slo.targets]\nA = 5\nB = -1\n", "'B': -1"),
        ("[slo.targets]\nB = 0\n", "'B': 0"),
        ("[slo.targets]\nB = nan\n", "'B': nan"),
        ("[slo.targets]\nB = inf\n", "'B': inf"),
        ('[slo.targets]\nB = "300"\n', "'B': '300'"),
        ("[slo.targets]\nB = true\n", "'B': True"),
        ("[slo]\ntargets = 3\n", "targets in .slo"),
        ("[slo]\nobjective = 1\n", "'objective': 1"),
        ("[slo]\nobjective = 0.0\n", "'objective': 0.0"),
        ('[slo]\nobjective = "high"\n', "'objective': 'high'"),
        ("[slo]\nwindow_days = 0\n", "'window_days': 0"),
        ("[slo]\nwindow_days = 1.5\n", "'window_days': 1.5"),
        ("[slo]\ntarget = 1\n", "'target': 1.*unknown field"),
        ("slo = 3\n", "slo in cce-etl.toml"),
        ("[[slo]]\n", "slo in cce-etl.toml"),
    ],
)
def test_a_wrong_service_level_is_reported_with_its_key(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "cce-etl.toml").write_text(content)
    with pytest.raises(ConfigError, match=named) as caught:
        from_environment(tmp_path)
    assert "cce-etl.toml" in str(caught.value)
