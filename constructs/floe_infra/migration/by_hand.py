"""What a migration leaves to people, with the commands to give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from floe_infra.compute.config import MotherDuckConfig
from floe_infra.config.platform import PlatformConfig
from floe_infra.database.config import IN_CLUSTER_NAME as SERVER
from floe_infra.migration.config import MOVE, MOVED, ArrivingConfig, LeavingConfig
from floe_infra.migration.proof import SECRETS, Resource, Synthesized, differences

_HANDOFF = "handoff"


@dataclass(frozen=True)
class ByHand:
    """Something to do, in the order in which it is listed.

    Attributes:
        text: what and why.
        commands: the commands, or what else is to be written.
    """

    text: str
    commands: tuple[str, ...] = ()


def by_hand(step: str, target: str, before: Synthesized, after: Synthesized, file: Path) -> list[ByHand]:
    """Everything that is to be done once a phase's file is written.

    Args:
        step: the phase's.
        target: what the migration leads to.
        before: the platform of the file until then.
        after: that of the phase's file.
        file: the configuration file's path, as it was given.
    """
    given = "" if file == Path("floe-infra.yaml") else f" -c {file}"
    again = ByHand("Then go on with the next phase:", (f"floe-infra migrate --to {target}{given}",))
    if step == "add":
        return [*_add(after.config, given), again]
    if step == "switch":
        return [*_switch(before.config, after, given), again]
    gone = _secrets_that_stay(before, after)
    do = _remove(before.config, after.config, given) if step == "remove" else _exchange(before.config, after, given)
    return [*_token(after.config), *_forget(after.config, gone, given), *do, *_delete(after.config, gone)]


def _exchange(before: PlatformConfig, after: Synthesized, given: str) -> Iterator[ByHand]:
    """An engine."""
    old, new = before.compute.kind, after.config.compute.kind
    yield ByHand(
        "Look at what Terraform would do, and let it:", (f"floe-infra plan{given}", f"floe-infra deploy{given}")
    )
    yield from _hand_over(after, given)
    if "trino" in (old, new):
        yield ByHand(
            "In floe.yaml, say what Cube asks. Pipelines run DuckDB all the same, so their compute target stays:",
            ("consumption:", f"  database_type: {'trino' if new == 'trino' else 'duckdb'}"),
        )
    else:
        yield ByHand("floe.yaml stays as it is: the compute profile that it names is still called `default`.")
    yield ByHand(f"dbt, where it runs on its own, takes the profile in {_HANDOFF}/dbt/profiles.yml.")
    yield ByHand("See that everything answers:", (f"floe-infra check{given}",))


def _token(config: PlatformConfig) -> Iterator[ByHand]:
    compute = config.compute
    if not isinstance(compute, MotherDuckConfig):
        return
    yield ByHand("In MotherDuck, make the database, and an access token:", (f"CREATE DATABASE {compute.database};",))
    name, document = compute.secret, """printf '{"token": "%s"}' "$MOTHERDUCK_TOKEN\""""
    commands = {
        "external_secrets": f"{document} | aws secretsmanager create-secret --region {config.cloud.region} "
        f"--name {name} --secret-string file:///dev/stdin",
        "secret_manager": f"{document} | gcloud secrets create {name} --project {config.cloud.account_id} "
        "--data-file=-",
        "in_cluster": 'printf %s "$MOTHERDUCK_TOKEN" | kubectl -n '
        f"{getattr(config.secrets, 'namespace', '')} create secret generic {name} --from-file=token=/dev/stdin",
    }
    command = commands.get(config.secrets.kind)
    yield ByHand(
        f"Put the token, which is in MOTHERDUCK_TOKEN here, where the platform's secrets are, as {name} with the key "
        "`token`:",
        (command,) if command else (),
    )


def _add(config: PlatformConfig, given: str) -> Iterator[ByHand]:
    assert isinstance(config.migration, ArrivingConfig)
    namespace = config.migration.namespace
    yield ByHand("Make the new server, which nothing uses yet:", (f"floe-infra deploy{given}",))
    yield ByHand(
        "In Dagster, stop schedules and sensors, and let runs end. Once the job below has started, the old databases "
        f"let nobody in: {', '.join(config.databases)} stand still until the next phase is deployed."
    )
    yield ByHand(
        "Move the data. When the job fails it says why; start it again under another name:",
        (
            f"kubectl -n {namespace} create job move-1 --from=cronjob/{MOVE}",
            f"kubectl -n {namespace} wait job/move-1 --for=condition=Complete --timeout=12h",
            f"kubectl -n {namespace} logs job/move-1",
        ),
    )
    yield ByHand("Only to stay with the old server instead, open its databases again:", _open(config))


def _switch(before: PlatformConfig, after: Synthesized, given: str) -> Iterator[ByHand]:
    yield ByHand(
        f"Let everything use the new server. The job {MOVED} comes first, and ends the deployment unless all data is "
        "there:",
        (f"floe-infra deploy{given}",),
    )
    yield from _hand_over(after, given)
    yield ByHand("See that everything answers, and that pipelines run:", (f"floe-infra check{given}",))
    yield ByHand(
        "To go back, deploy the file as it was before, and open the old databases. What the new server was told since "
        "then they do not know:",
        _open(before),
    )


def _remove(before: PlatformConfig, config: PlatformConfig, given: str) -> Iterator[ByHand]:
    assert isinstance(before.migration, LeavingConfig)
    fate = "" if config.keeps_data else ", and its disk with it, as the file says `allow_data_loss: true`"
    yield ByHand(f"Remove the old server{fate}:", (f"floe-infra deploy{given}",))
    if config.keeps_data:
        command = f"kubectl -n {before.migration.database.namespace} delete pvc {SERVER}"
        yield ByHand("Its disk is still there. When nobody wants it any more:", (command,))


def _secrets_that_stay(before: Synthesized, after: Synthesized) -> list[Resource]:
    """Secrets that go, with their values, and that `deploy` would refuse to remove."""
    if not after.config.keeps_data:
        return []
    gone = [each.resource for each in differences(before, after) if each.action == "remove"]
    return [each for each in gone if each.type.removesuffix("_version") in SECRETS]


def _forget(config: PlatformConfig, gone: Sequence[Resource], given: str) -> Iterator[ByHand]:
    if gone:
        yield ByHand(
            "This platform keeps its data, so `deploy` removes no secrets, even of what goes. First, let Terraform "
            "forget them:",
            (
                f"floe-infra synth{given}",
                f"cd cdktf.out/stacks/{config.name}-{config.environment}-foundation && terraform init",
                *(f"terraform state rm {each.address}" for each in gone),
            ),
        )


def _delete(config: PlatformConfig, gone: Sequence[Resource]) -> Iterator[ByHand]:
    cloud = config.cloud
    if cloud.provider == "gcp":
        command, key = f"gcloud secrets delete --project {cloud.account_id}", "secret_id"
    else:
        options = f"--region {cloud.region} --recovery-window-in-days 30"
        command, key = f"aws secretsmanager delete-secret {options} --secret-id", "name"
    secrets = [each for each in gone if each.type in SECRETS]
    if secrets:
        yield ByHand("Nobody reads these secrets any more:", tuple(f"{command} {each.block[key]}" for each in secrets))


def _hand_over(after: Synthesized, given: str) -> Iterator[ByHand]:
    commands = _commands(after.handed_over("NEXT_STEPS.md"), "helm ")
    yield ByHand(
        "Hand the platform over anew"
        + (", and give it to floe-runtime's charts, from a checkout of floe-runtime:" if commands else ":"),
        (f"floe-infra handoff{given} -o {_HANDOFF}", *((f'HANDOFF="$PWD/{_HANDOFF}"', *commands) if commands else ())),
    )


def _commands(text: str, beginning: str) -> list[str]:
    """Those of a text's lines of code that begin so, each on a line of its own."""
    lines = text.replace("\\\n", "").splitlines()
    return [" ".join(line.split()) for line in lines if line.startswith(beginning)]


def _open(config: PlatformConfig) -> tuple[str, ...]:
    """Inside the old server's pod, where its administrator's password is."""
    psql = 'psql -U "$POSTGRES_USER" -d postgres -c "ALTER DATABASE $each CONNECTION LIMIT -1"'
    login = 'export PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"'
    inside = f"{login}; for each in {' '.join(config.databases)}; do {psql}; done"
    namespace = getattr(config.database, "namespace", "")
    return (f"kubectl -n {namespace} exec statefulset/{SERVER} -- sh -c '{inside}'",)
