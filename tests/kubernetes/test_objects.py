from __future__ import annotations

from floe_infra.kubernetes.objects import config_map, job, pod, resources, secret_env, secrets_of, service_account

CONTAINER = {"name": "main", "image": "x:1", "resources": resources(cpu="50m", memory="64Mi")}


def test_pods_are_restricted():
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    spec = pod(containers=[CONTAINER], user=999)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    [container] = spec["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert spec["automountServiceAccountToken"] is False


def test_the_root_file_system_stays_as_it_is_and_there_is_room_for_scratch():
    spec = pod(containers=[CONTAINER], user=999, volumes=[{"name": "data", "emptyDir": {}}])
    assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"name": "tmp", "mountPath": "/tmp"} in spec["containers"][0]["volumeMounts"]
    assert [volume["name"] for volume in spec["volumes"]] == ["tmp", "data"]


def test_a_container_may_say_otherwise_of_its_security():
    assert pod(containers=[{**CONTAINER, "securityContext": {"x": 1}}], user=1)["containers"][0]["securityContext"] == {
        "x": 1
    }


def test_memory_is_limited_to_what_is_requested():
    assert resources(cpu="1", memory="1Gi") == {
        "requests": {"cpu": "1", "memory": "1Gi"},
        "limits": {"memory": "1Gi"},
    }


def test_a_job_runs_after_each_change_and_leaves_its_failure_to_be_looked_at():
    made = job("init", spec=pod(containers=[CONTAINER], user=1), deadline=60, annotations={"checksum/x": "1"})
    assert made["metadata"]["annotations"] == {
        "helm.sh/hook": "post-install,post-upgrade",
        "helm.sh/hook-delete-policy": "before-hook-creation",
    }
    assert made["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert made["spec"]["activeDeadlineSeconds"] == 60
    assert made["spec"]["template"]["metadata"]["annotations"] == {"checksum/x": "1"}


def test_small_ones():
    assert secret_env("A", secret="s", key="k")["valueFrom"] == {"secretKeyRef": {"name": "s", "key": "k"}}
    assert config_map("c", {"f": "x"})["data"] == {"f": "x"}
    account = service_account("a", {"eks.amazonaws.com/role-arn": "arn"})
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": "arn"}


def test_the_secrets_of_a_pod_are_found_wherever_they_are_named():
    spec = pod(
        init_containers=[{"name": "first", "env": [secret_env("A", secret="by-variable", key="a")]}],
        containers=[
            {"name": "main", "env": [{"name": "B", "value": "b"}], "envFrom": [{"secretRef": {"name": "whole"}}]},
        ],
        volumes=[{"name": "c", "secret": {"secretName": "mounted"}}, {"name": "d", "configMap": {"name": "d"}}],
        user=1,
    )
    assert secrets_of(spec) == ["mounted", "by-variable", "whole"]
    assert secrets_of({}) == []
