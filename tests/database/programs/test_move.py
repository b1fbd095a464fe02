"""Between two real servers; what a whole move takes, what ends it, and that it can be repeated from anywhere."""

from __future__ import annotations

import itertools
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from floe_infra.database import programs
from postgres import Server, running

FOLDER = Path(programs.__file__).parent
PASSWORD = "it's a: pass\\word"
ADMIN_PASSWORD = "the administrator's"
MOVED = "was moved here by floe-infra"
COPYING = "is being copied by floe-infra"
TABLES = """
CREATE TABLE runs (id serial PRIMARY KEY, body jsonb, at timestamptz DEFAULT now(), cost double precision);
INSERT INTO runs (body, cost) SELECT jsonb_build_object('n', n), n / 3.0 FROM generate_series(1, 500) AS n;
"""
HOSTILE = """o'brien "x" \\ = dbname=postgres"""
_numbers = itertools.count(1)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def old() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def new() -> Iterator[Server]:
    """Whose programs are those of `POSTGRES_BIN_NEW`, if it names any."""
    chosen = os.environ.get("POSTGRES_BIN_NEW")
    with pytest.MonkeyPatch.context() as patch:
        if chosen:
            patch.setenv("POSTGRES_BIN", chosen)
        with running() as server:
            yield server


@dataclass(frozen=True)
class Move:
    """Applications on both servers, as `databases.sh` makes them."""

    old: Server
    new: Server
    folder: Path
    number: int

    @property
    def admin(self) -> str:
        """On the new server: as RDS and Cloud SQL make it, CREATEROLE and CREATEDB and no superuser."""
        return f"floe{self.number}"

    def give(self, application: str, name: str | None = None) -> str:
        """The application's login, whose name and database it returns, and both databases."""
        name = name or f"{application}{self.number}"
        directory = self.folder / application
        directory.mkdir()
        for key, value in {"username": name, "password": PASSWORD, "database": name}.items():
            (directory / key).write_text(value)
        for environment in (self.old.environment(), self._new()):
            self._run("databases.sh", directory, **environment)
        return name

    def run(self, step: str, *applications: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self._run(
            "move.sh", step, *(self.folder / each for each in applications), **{**self.environment(), **environment}
        )

    def copy(self, *applications: str) -> list[str]:
        """What a copy that succeeds says, but of other tests' databases."""
        result = self.run("copy", *applications)
        assert result.returncode == 0, result.stdout + result.stderr
        assert result.stderr == ""
        return [line for line in result.stdout.splitlines() if not line.endswith("stays there")]

    def refused(self, *applications: str, code: int, **environment: str) -> str:
        result = self.run("copy", *applications, **environment)
        assert result.returncode == code, result.stdout + result.stderr
        return result.stderr

    def start(self, *applications: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", FOLDER / "move.sh", "copy", *(self.folder / each for each in applications)],
            env={**os.environ, **self.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def on_old(self, statement: str, database: str = "postgres", **login: str) -> str:
        return self.old.psql(statement, database=database, **login)

    def on_new(self, statement: str, database: str = "postgres", **login: str) -> str:
        return self.new.psql(statement, database=database, **login)

    def comment(self, database: str) -> str:
        return self.on_new(
            f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $name${database}$name$"
        )

    def environment(self) -> dict[str, str]:
        return {**self._new(), **{f"OLD_{key}": value for key, value in self.old.environment().items()}}

    def _new(self) -> dict[str, str]:
        return self.new.environment(user=self.admin, password=ADMIN_PASSWORD)

    def _run(self, program: str, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", FOLDER / program, *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )


@pytest.fixture
def move(old: Server, new: Server, tmp_path: Path) -> Move:
    made = Move(old, new, tmp_path, next(_numbers))
    new.psql(f"CREATE ROLE {made.admin} LOGIN CREATEROLE CREATEDB PASSWORD $${ADMIN_PASSWORD}$$")
    return made


def until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


# What is moved


def test_everything_is_there_afterwards(move):
    name = move.give("dagster")
    move.on_old(
        TABLES + "CREATE SCHEMA events; CREATE TYPE events.kind AS ENUM ('a', 'b');"
        "CREATE TABLE events.log (id bigint GENERATED ALWAYS AS IDENTITY, kind events.kind, at date NOT NULL,"
        " raw bytea, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
        "CREATE TABLE events.log_1 PARTITION OF events.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
        "INSERT INTO events.log (kind, at, raw)"
        " SELECT 'b', date '2026-03-01' + n, '\\x00ff' FROM generate_series(1, 9) AS n;"
        "CREATE VIEW late AS SELECT * FROM runs WHERE id > 490;"
        "CREATE MATERIALIZED VIEW many AS SELECT count(*) FROM runs;"
        "CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1'; CREATE INDEX ON runs (twice(id));"
        "CREATE EXTENSION pgcrypto; ALTER TABLE runs ADD token uuid DEFAULT gen_random_uuid();"
        "SELECT setval('runs_id_seq', 4711); SELECT lo_from_bytea(0, 'large');",
        name,
        user=name,
        password=PASSWORD,
    )
    said = move.copy("dagster")
    assert said[-1] == "move: dagster: moved: 3 tables, 510 rows, the same on both servers"

    login = {"user": name, "password": PASSWORD}
    there = (
        "SELECT count(*), sum(id), max(cost) FROM runs; SELECT count(*) FROM late; SELECT * FROM many; SELECT twice(4);"
    )
    there += "SELECT lo_get(oid) FROM pg_largeobject_metadata; SELECT count(DISTINCT token) FROM runs"
    assert move.on_new(there, name, **login) == move.on_old(there, name)
    assert move.on_new("INSERT INTO runs DEFAULT VALUES RETURNING id", name, **login) == "4712"
    assert move.on_new("INSERT INTO events.log (at) VALUES ('2026-05-05') RETURNING id", name, **login) == "10"
    foreign = "SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relowner <> current_user::regrole"
    assert move.on_new(foreign, name, **login) == "0"


def test_what_a_superuser_made_becomes_the_applications(move):
    name = move.give("marquez")
    move.on_old("CREATE TABLE jobs (id int); INSERT INTO jobs VALUES (1)", name)
    move.copy("marquez")
    assert move.on_new("UPDATE jobs SET id = 2 RETURNING id", name, user=name, password=PASSWORD) == "2"


def test_rights_of_others_are_kept(move):
    name, reader = move.give("dagster"), move.give("reader")
    move.on_old(f"CREATE TABLE runs (); GRANT SELECT ON runs TO {reader}", name, user=name, password=PASSWORD)
    move.copy("dagster", "reader")
    assert move.on_new(f"SELECT has_table_privilege('{reader}', 'runs', 'SELECT, INSERT')", name) == "t"
    assert move.on_new(f"SELECT has_table_privilege('{reader}', 'runs', 'INSERT')", name) == "f"


def test_hostile_names(move):
    name = move.give("dagster", f"{HOSTILE}{move.number}")
    move.on_old(
        """CREATE SCHEMA "s'; DROP TABLE x"; CREATE TABLE "s'; DROP TABLE x"."t"" \\ %I" ("c'" int);"""
        """INSERT INTO "s'; DROP TABLE x"."t"" \\ %I" VALUES (1), (NULL); CREATE SEQUENCE "q'";""",
        name,
        user=name,
        password=PASSWORD,
    )
    assert move.copy("dagster")[-1].endswith("moved: 1 tables, 2 rows, the same on both servers")
    assert move.comment(name) == MOVED
    assert move.run("check", "dagster").returncode == 0


def test_an_application_that_was_never_there(move):
    name = move.give("nessie")
    move.on_old(f"DROP DATABASE {name}")
    assert move.copy("nessie")[0] == "move: nessie: was never on the old server"
    assert move.run("check", "nessie").returncode == 0


def test_databases_of_nobody_here_are_named(move):
    move.give("dagster")
    move.on_old(f"CREATE DATABASE notes{move.number}")
    said = move.run("copy", "dagster").stdout.splitlines()
    assert f"move: the old server's database notes{move.number} is nobody's here, and stays there" in said


# Nothing is written meanwhile, or afterwards


def test_the_old_database_is_closed(move):
    name = move.give("dagster")
    move.on_old(TABLES, name, user=name, password=PASSWORD)
    writer = subprocess.Popen(
        ["psql", "-XAtqw"],
        env=move.old.environment(user=name, password=PASSWORD, database=name),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert writer.stdin
    assert writer.stdout
    writer.stdin.write("BEGIN;\nINSERT INTO runs DEFAULT VALUES;\nSELECT 'in';\n")
    writer.stdin.flush()
    assert writer.stdout.readline() == "in\n"
    move.copy("dagster")
    _, error = writer.communicate("COMMIT;\n")
    assert "terminating connection due to administrator command" in error
    assert move.on_new("SELECT count(*) FROM runs", name) == "500"
    with pytest.raises(subprocess.CalledProcessError) as raised:
        move.on_old("SELECT 1", name, user=name, password=PASSWORD)
    assert "too many connections for database" in raised.value.stderr

    move.on_old(f"ALTER DATABASE {name} CONNECTION LIMIT -1")  # as docs/migrate.md says for going back
    assert move.on_old("SELECT count(*) FROM runs", name, user=name, password=PASSWORD) == "500"


# Again, and from anywhere


def test_what_is_moved_stays_whatever_is_written_then(move):
    name = move.give("dagster")
    move.on_old(TABLES, name, user=name, password=PASSWORD)
    move.copy("dagster")
    move.on_new("INSERT INTO runs DEFAULT VALUES", name, user=name, password=PASSWORD)
    assert move.copy("dagster")[0] == "move: dagster: is moved already"
    assert move.on_new("SELECT count(*) FROM runs", name) == "501"


def test_killed_while_it_restores(move):
    name = move.give("dagster")
    move.on_old(TABLES, name, user=name, password=PASSWORD)
    # The last thing that a restore does is the slowest here.
    move.on_old(
        "CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql"
        " AS 'BEGIN PERFORM pg_sleep(0.01); RETURN $1; END';"
        "CREATE INDEX ON runs (slow(id))",
        name,
        user=name,
        password=PASSWORD,
    )
    process = move.start("dagster")
    restoring = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE 'CREATE INDEX%'"
    until(lambda: move.on_new(restoring) == "1")
    process.kill()
    move.on_new(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    process.communicate()
    assert move.comment(name) == COPYING
    assert move.on_new("SELECT count(*) FROM pg_class WHERE oid >= 16384", name) == "0"
    assert move.run("check", "dagster").returncode == 1
    assert "500 rows" in move.copy("dagster")[-1]


def test_killed_after_it_has_restored(move):
    name = move.give("dagster")
    move.on_old(TABLES, name, user=name, password=PASSWORD)
    move.copy("dagster")
    move.on_new(f"COMMENT ON DATABASE {name} IS '{COPYING}'")
    assert move.copy("dagster") == [
        "move: dagster: comparing",
        "move: dagster: moved: 1 tables, 500 rows, the same on both servers",
    ]


def test_two_at_once(move):
    name = move.give("dagster")
    move.on_old(TABLES, name, user=name, password=PASSWORD)
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(move.run("copy", "dagster").returncode)) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 in results
    assert move.on_new("SELECT count(*) FROM runs", name) == "500"
    move.copy("dagster")


def test_moved_and_then_gone_back_to_the_old_one(move):
    name = move.give("dagster")
    move.on_old(TABLES, name, user=name, password=PASSWORD)
    move.copy("dagster")
    move.on_old(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    move.on_old("INSERT INTO runs DEFAULT VALUES", name, user=name, password=PASSWORD)
    assert "has been opened since it was moved" in move.run("check", "dagster").stderr
    message = move.refused("dagster", code=2)
    assert "may have been written to. Nothing was changed" in message
    assert f"DROP OWNED BY {name}" in message
    assert move.on_old("SELECT count(*) FROM runs", name, user=name, password=PASSWORD) == "501"

    move.on_new(f"DROP OWNED BY {name}", name, user=move.admin, password=ADMIN_PASSWORD)
    assert move.copy("dagster")[-1] == "move: dagster: moved: 1 tables, 501 rows, the same on both servers"
    assert move.run("check", "dagster").returncode == 0


# What ends it


@pytest.mark.parametrize("thing", ["CREATE TABLE mine ()", "CREATE SCHEMA mine", "SELECT lo_from_bytea(0, 'mine')"])
def test_a_new_database_with_something_else_is_left_alone(move, thing):
    first, name = move.give("polaris"), move.give("dagster")
    move.on_old(TABLES, name, user=name, password=PASSWORD)
    move.on_new(thing, name, user=name, password=PASSWORD)
    message = move.refused("polaris", "dagster", code=2)
    assert f"the new database {name} holds other things already" in message
    assert f"DROP OWNED BY {name}" in message
    # Nor was anything else begun.
    assert move.comment(first) == ""
    assert move.on_old(f"SELECT datconnlimit FROM pg_database WHERE datname = '{first}'") == "-1"

    move.on_new(f"DROP OWNED BY {name}", name, user=move.admin, password=ADMIN_PASSWORD)
    move.copy("polaris", "dagster")


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("DELETE FROM runs WHERE id = 7", "table public.runs|499|"),
        ("UPDATE runs SET cost = 1 WHERE id = 7", "table public.runs|500|"),
        ("SELECT nextval('runs_id_seq')", "sequence public.runs_id_seq|501|t"),
        ("DROP INDEX by_cost", "< relation public.by_cost, i"),
        ("REVOKE SELECT ON runs FROM PUBLIC", "< right SELECT on public.runs of everybody"),
    ],
)
def test_a_difference_is_found(move, change, line):
    name = move.give("dagster")
    more = "CREATE INDEX by_cost ON runs (cost); GRANT SELECT ON runs TO PUBLIC"
    move.on_old(TABLES + more, name, user=name, password=PASSWORD)
    move.copy("dagster")
    move.on_new(f"{change}; COMMENT ON DATABASE {name} IS '{COPYING}'", name, user=name, password=PASSWORD)
    message = move.refused("dagster", code=1)
    assert line in message
    assert "Who has written to the new one?" in message
    assert move.comment(name) == COPYING


def test_a_role_that_is_missing_on_the_new_server(move):
    name = move.give("dagster")
    move.on_old(f"CREATE ROLE grafana{move.number}")
    move.on_old(
        f"CREATE TABLE runs (); GRANT SELECT ON runs TO grafana{move.number}", name, user=name, password=PASSWORD
    )
    message = move.refused("dagster", code=1)
    assert f'role "grafana{move.number}" does not exist' in message
    assert "the new database is as it was, empty" in message
    move.on_new(f"CREATE ROLE grafana{move.number}")
    move.copy("dagster")


def test_an_administrator_who_does_not_see_everything(move):
    move.give("dagster")
    move.on_old(f"CREATE ROLE weak{move.number} LOGIN PASSWORD 'weak'")
    weak = {"OLD_PGUSER": f"weak{move.number}", "OLD_PGPASSWORD": "weak"}
    assert f"weak{move.number} is no superuser on the old server" in move.refused("dagster", code=2, **weak)


@pytest.mark.parametrize("server", ["OLD_PGPORT", "PGPORT"])
def test_a_server_that_is_not_there(move, server):
    name = move.give("dagster")
    assert "connection to server" in move.refused("dagster", code=2, **{server: "1"})
    assert move.comment(name) == ""


@pytest.mark.parametrize("server", ["OLD_PGPORT", "PGPORT"])
def test_nothing_goes_on_while_nobody_knows(move, server):
    move.give("dagster")
    move.copy("dagster")
    check = move.run("check", "dagster", **{server: "1"})
    assert check.returncode == 2
    assert "connection to server" in check.stderr
    assert check.stdout == ""


def test_a_login_that_the_new_server_does_not_know(move):
    name = move.give("dagster")
    move.on_new(f"ALTER ROLE {name} PASSWORD 'other'")
    assert f"{name} cannot log in to the new database" in move.refused("dagster", code=2)


def test_nothing_goes_on_before_it_is_moved(move):
    name = move.give("dagster")
    check = move.run("check", "dagster")
    assert (check.returncode, check.stderr) == (
        1,
        "move: dagster: is not moved yet. Start the job that moves it, and repeat\n",
    )
    move.copy("dagster")
    (move.folder / "dagster" / "password").unlink()  # which it does without
    assert move.run("check", "dagster").stdout == "move: dagster: ready\n"
    assert move.comment(name) == MOVED


def test_no_password_is_in_a_command_line_or_in_the_log(move):
    name = move.give("dagster")
    move.on_old(TABLES, name, user=name, password=PASSWORD)
    before = move.old.log.stat().st_size, move.new.log.stat().st_size
    seen: set[str] = set()
    process = move.start("dagster")
    while process.poll() is None:
        seen |= set(
            subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
        )
    out, err = process.communicate()
    assert process.returncode == 0
    assert any("pg_restore" in line for line in seen)
    logs = [log.read_text()[size:] for log, size in zip((move.old.log, move.new.log), before, strict=True)]
    assert all("ALTER DATABASE" in log or "COMMENT ON" in log for log in logs)
    for text in (*seen, out, err, *logs):
        assert PASSWORD not in text.replace("''", "'")
        assert ADMIN_PASSWORD not in text


@pytest.mark.parametrize("arguments", [[], ["copy"], ["check"], ["drop", "/etc/databases/dagster"]])
def test_usage(arguments):
    result = subprocess.run(["sh", FOLDER / "move.sh", *arguments], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (2, "usage: move.sh copy|check DIRECTORY...\n")


def test_a_secret_that_was_not_mounted(tmp_path, move):
    result = move.run("copy", "dagster")
    assert result.returncode == 2
    assert f"dagster: {tmp_path / 'dagster'}/username is missing or empty" in result.stderr
