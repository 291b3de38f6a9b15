"""The values and manifests of deploy/k8s: Kubernetes accepts them and the pods that Dagster makes of them."""

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own, for two calls
from dagster._config import process_config, validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from cce_etl.settings.settings import SECRETS, environment_name, read_settings
from tests.deploy.units import DEPLOY, ROOT, read_yaml

K8S = DEPLOY / "k8s"
# About the oldest release that is still maintained.
KUBERNETES = "1.34"
VALUES = read_yaml(K8S / "values.yaml")
MANIFESTS = list(yaml.safe_load_all((K8S / "manifests.yaml").read_text(encoding="utf-8")))
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
LAUNCHER = VALUES["runLauncher"]["config"]["k8sRunLauncher"]


def _named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [one for one in MANIFESTS if one["kind"] == kind and one["metadata"]["name"] == name]
    return dict(found)


def _as_the_chart_does(values: dict[str, Any]) -> dict[str, Any]:
    """Return values under the names that Dagster's own configuration has for them."""
    snake = {re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): value for key, value in values.items()}
    lists = {key: [one["name"] for one in snake[key]] for key in ("env_config_maps", "env_secrets") if key in snake}
    return snake | lists


def test_kubernetes_accepts_the_manifests() -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    for manifest in MANIFESTS:
        validate(manifest, KUBERNETES, strict=True)
        assert manifest["metadata"].get("namespace", "cce-etl") == "cce-etl"


def test_dagster_accepts_the_values_of_its_launcher() -> None:
    launcher = pytest.importorskip("dagster_k8s").K8sRunLauncher
    config = _as_the_chart_does(LAUNCHER)
    config["run_k8s_config"] = _as_the_chart_does(config["run_k8s_config"])
    by_the_chart = {"instance_config_map": "instance", "dagster_home": "/home", "service_account_name": "dagster"}
    processed = process_config(launcher.config_type(), config | by_the_chart)
    assert processed.success, processed.errors


def test_kubernetes_accepts_the_pods_of_runs_and_steps_which_contain_no_secret() -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    manifest = _job_of_a_run()
    validate(manifest, KUBERNETES, strict=True)
    pod = manifest["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert {source[kind]["name"] for source in container["envFrom"] for kind in source} == {"cce-etl"}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/etc/cce-etl", "/var/lib/cce-etl/data"}
    assert pod["securityContext"]["runAsNonRoot"] is True
    given = {one["name"] for one in container["env"] if one.get("value")}
    assert not given & {environment_name(secret) for secret in SECRETS}


def _job_of_a_run() -> dict[str, Any]:
    """Return the job that the launcher would make for a run of this code location."""
    from dagster_k8s.container_context import K8sContainerContext
    from dagster_k8s.job import DagsterK8sJobConfig, construct_dagster_k8s_job
    from kubernetes.client import ApiClient

    names = ("envConfigMaps", "envSecrets", "volumes", "volumeMounts", "securityContext", "resources")
    config = _as_the_chart_does({name: CODE[name] for name in names})
    pod = {"pod_spec_config": {"security_context": CODE["podSecurityContext"]}}
    context = K8sContainerContext.create_from_config({"k8s": config | {"run_k8s_config": pod}})
    image = f"{CODE['image']['repository']}:{CODE['image']['tag']}"
    secret = VALUES["global"]["postgresqlSecretName"]
    job = DagsterK8sJobConfig(image, "/home", instance_config_map="instance", postgres_password_secret=secret)
    made = construct_dagster_k8s_job(job, ["dagster"], "run", user_defined_k8s_config=context.run_k8s_config)
    return dict(ApiClient().sanitize_for_serialization(made))


def test_the_settings_choose_the_executor_of_kubernetes() -> None:
    pytest.importorskip("dagster_k8s")
    from cce_etl.defs.executors import executor_of

    settings = read_settings({}, _named("ConfigMap", "cce-etl")["data"])
    found = executor_of(settings)
    assert found.name == "k8s"
    processed = process_config(found.config_field.config_type, {})  # type: ignore[union-attr]
    assert processed.success, processed.errors


def test_the_example_of_the_sources_is_read(tmp_path: Any) -> None:
    from cce_etl.settings.sources import read_sources

    text = _named("ConfigMap", "cce-etl-settings")["data"]["cce-etl.toml"]
    (tmp_path / "cce-etl.toml").write_text(text, encoding="utf-8")
    keys = dict.fromkeys(re.findall(r'_env = "(\w+)"', text), "x")
    assert len(read_sources(read_settings({}, {}, tmp_path), keys, tmp_path)) == 2


def test_every_name_in_the_values_is_created_or_documented() -> None:
    comments = (K8S / "manifests.yaml").read_text(encoding="utf-8")
    used = {one["name"] for one in CODE["envSecrets"]} | {VALUES["global"]["postgresqlSecretName"]}
    assert used == set(re.findall(r"create secret generic (\S+)", comments))
    assert not [one for one in MANIFESTS if one["kind"] == "Secret"]
    for volume in CODE["volumes"]:
        if "configMap" in volume:
            _named("ConfigMap", volume["configMap"]["name"])
        else:
            claim = _named("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
            assert claim["spec"]["accessModes"] == ["ReadWriteMany"]


def test_the_instance_has_the_usual_settings_except_the_number_of_runs() -> None:
    ours, everywhere = VALUES["additionalInstanceConfig"], read_yaml(ROOT / "dagster_home" / "dagster.yaml")
    assert validate_config(dagster_instance_config_schema(), ours).success
    assert ours["concurrency"]["pools"] == everywhere["concurrency"]["pools"]
    assert ours["freshness"] == everywhere["freshness"]
    monitoring = _as_the_chart_does(VALUES["dagsterDaemon"]["runMonitoring"])
    for name in ("max_runtime_seconds", "free_slots_after_run_end_seconds"):
        assert monitoring[name] == everywhere["run_monitoring"][name]
    assert VALUES["telemetry"] == everywhere["telemetry"]
