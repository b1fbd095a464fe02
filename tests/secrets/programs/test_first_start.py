"""Which server initializes itself, and when: the script, with a stand-in for OpenBao's program."""

from __future__ import annotations

import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

STAND_IN = """#!/bin/sh
echo "$BAO_CLIENT_TIMEOUT $BAO_MAX_RETRIES $*" >> "$ASKED"
case " $INITIALIZED " in *" ${4#-address=} "*) exit 0 ;; esac
exit ${OTHERS:-1}
"""


def told(folder: Path, host: str, *initialized: str, servers: int = 3, others: int = 1) -> tuple[str, list[str]]:
    """What the server on this host is told besides, and which others were asked.

    Args:
        others: what `bao operator init -status` ends with where they are not initialized: 2, or 1 when nobody answers.
    """
    program = folder / "first_start.sh"
    program.write_text(files("floe_infra.secrets.programs").joinpath("first_start.sh").read_text())
    bao, asked = folder / "bao", folder / "asked"
    bao.write_text(STAND_IN)
    bao.chmod(0o755)
    asked.write_text("")
    environment = {
        "PATH": f"{folder}:/usr/bin:/bin",
        "HOSTNAME": host,
        "ASKED": str(asked),
        "INITIALIZED": " ".join(f"http://{peer}.openbao-internal:8200" for peer in initialized),
        "OTHERS": str(others),
    }
    # As the chart's command has it.
    command = f"echo server $(sh {program} http {servers})"
    done = subprocess.run(["sh", "-ec", command], capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == ""
    return done.stdout.strip().removeprefix("server").strip(), asked.read_text().splitlines()


@pytest.mark.parametrize("others", [1, 2])
def test_the_first_initializes_itself_when_no_other_is(tmp_path, others):
    more, asked = told(tmp_path, "openbao-0", others=others)
    assert more == f"-config={tmp_path}/initialize.json"
    assert asked == [
        f"5s 0 operator init -status -address=http://openbao-{index}.openbao-internal:8200" for index in (1, 2)
    ]


@pytest.mark.parametrize("peer", ["openbao-1", "openbao-2"])
def test_the_first_joins_when_it_has_lost_its_disk(tmp_path, peer):
    assert told(tmp_path, "openbao-0", peer)[0] == ""


@pytest.mark.parametrize("host", ["openbao-1", "openbao-2", "openbao-10"])
def test_others_only_ever_join(tmp_path, host):
    assert told(tmp_path, host) == ("", [])


def test_a_single_one_asks_nobody(tmp_path):
    more, asked = told(tmp_path, "openbao-0", servers=1)
    assert more.endswith("/initialize.json")
    assert asked == []
