"""The templates for clusters hold what Ray and KubeRay take, and the commands beside them what Avatarium takes."""

import re
import shlex
from argparse import ArgumentParser
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.scripts.scripts import start

from avatarium.training.cluster import cpus, machines
from avatarium.training.commands import Train
from avatarium.training.run import request

FOLDER = Path(machines.__file__).parent
FIELDS = {
    "RayJob": {
        "entrypoint", "submissionMode", "runtimeEnvYAML", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "activeDeadlineSeconds",
        "backoffLimit", "suspend", "rayClusterSpec", "clusterSelector", "submitterPodTemplate", "submitterConfig", "entrypointNumCpus",
    },
    "RayCluster": {"rayVersion", "headGroupSpec", "workerGroupSpecs", "enableInTreeAutoscaling", "autoscalerOptions", "suspend"},
    "head": {"rayStartParams", "template", "serviceType", "enableIngress", "headService"},
    "workers": {"groupName", "replicas", "minReplicas", "maxReplicas", "numOfHosts", "rayStartParams", "template", "scaleStrategy"},
    "container": {"name", "image", "resources", "ports", "volumeMounts", "env", "command", "args", "lifecycle", "imagePullPolicy"},
}  # fmt: skip
"""Fields that the reference of KubeRay's API and Kubernetes' list, of version ray.io/v1."""
START = {option.removeprefix("--") for parameter in start.params for option in parameter.opts}


def manifests(name: str) -> dict[str, Any]:
    """The documents of a file by their kind."""
    return {found["kind"]: found for found in yaml.safe_load_all((FOLDER / name).read_text())}


def cluster_of(name: str) -> Any:
    found = manifests(name)
    return found["RayJob"]["spec"]["rayClusterSpec"] if "RayJob" in found else found["RayCluster"]["spec"]


def training_commands(text: str) -> list[list[str]]:
    """The words after each ``avatarium train`` in a text."""
    found = re.findall(r"avatarium train ((?:[\w:=./$-]+ ?)+)", text)
    return [shlex.split(words) for words in found]


def test_ray_takes_the_cluster_of_machines() -> None:
    config = prepare_config(yaml.safe_load((FOLDER / "ray-cluster.yaml").read_text()))
    validate_config(config)
    (workers,) = config["available_node_types"].values()
    assert workers["min_workers"] == workers["max_workers"] == len(config["provider"]["worker_ips"])
    commands = config["head_start_ray_commands"] + config["worker_start_ray_commands"]
    assert sum("ray start" in command for command in commands) == 2
    for command in commands:
        assert set(re.findall(r"--([a-z-]+)", command)) <= START
    with pytest.raises(jsonschema.ValidationError):
        validate_config(config | {"workers": 3})


@pytest.mark.parametrize("name", ["kuberay-job.yaml", "kuberay-cluster.yaml"])
def test_kuberay_takes_the_manifests(name: str) -> None:
    found = manifests(name)
    claim = found.pop("PersistentVolumeClaim")
    (kind,) = found
    assert (found[kind]["apiVersion"], claim["apiVersion"]) == ("ray.io/v1", "v1")
    assert set(found[kind]["spec"]) <= FIELDS[kind]
    cluster = cluster_of(name)
    assert set(cluster) <= FIELDS["RayCluster"]
    head, (workers,) = cluster["headGroupSpec"], cluster["workerGroupSpecs"]
    assert set(head) <= FIELDS["head"]
    assert set(workers) <= FIELDS["workers"]
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]
    for group in (head, workers):
        assert set(group["rayStartParams"]) <= START
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        (container,) = group["template"]["spec"]["containers"]
        assert set(container) <= FIELDS["container"]
        assert container["resources"]["requests"] == container["resources"]["limits"]
    volumes = {volume["name"]: volume["persistentVolumeClaim"]["claimName"] for volume in head["template"]["spec"]["volumes"]}
    assert volumes == {mount["name"]: claim["metadata"]["name"] for mount in head["template"]["spec"]["containers"][0]["volumeMounts"]}


def test_both_manifests_are_of_one_cluster_with_the_ray_of_this_project() -> None:
    one, other = cluster_of("kuberay-job.yaml"), cluster_of("kuberay-cluster.yaml")
    assert one == other
    assert one["rayVersion"] == metadata.version("ray")
    assert f"FROM rayproject/ray:{metadata.version('ray')}-" in (FOLDER / "kuberay-image.dockerfile").read_text()


def test_the_commands_can_be_carried_out_on_these_clusters() -> None:
    """The options exist and go together, and there are as many CPUs as they ask for."""
    parser = ArgumentParser(allow_abbrev=False)
    Train().add_arguments(parser)
    entrypoint = manifests("kuberay-job.yaml")["RayJob"]["spec"]["entrypoint"]
    commands = training_commands(entrypoint.replace("$begin", "wayfinding")) + training_commands((FOLDER / "README.md").read_text())
    assert len(commands) == 3
    workers = cluster_of("kuberay-job.yaml")["workerGroupSpecs"][0]
    each = int(workers["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"])
    for words in commands:
        args = parser.parse_args(words)
        request.machines_for(args)
        plan = request.planned(args)
        assert 0.9 * each * workers["replicas"] <= cpus.wanted(plan) <= each * workers["replicas"]
