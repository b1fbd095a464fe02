from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from floe_infra.database import programs
from postgres import Server, running

PROGRAM = Path(programs.__file__).parent / "databases.sh"
PASSWORD = "sixteen characters"
ADMIN_PASSWORD = "the administrator's"
LOCK = 1718382437
_numbers = itertools.count(1)


def write(folder: Path, **files: str | bytes) -> Path:
    """A Secret, as a pod sees it."""
    folder.mkdir(exist_ok=True)
    for name, value in files.items():
        (folder / name).write_bytes(value if isinstance(value, bytes) else value.encode())
    return folder


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", PROGRAM, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )


@dataclass(frozen=True)
class Platform:
    """Its own administrator, database made with the server, and applications, on a server shared by all tests.

    The administrator is one as RDS makes it: CREATEROLE and CREATEDB, no superuser.
    """

    server: Server
    folder: Path
    number: int

    @property
    def admin(self) -> str:
        return f"floe{self.number}"

    @property
    def database(self) -> str:
        return f"lake{self.number}"

    def named(self, application: str) -> str:
        """The application's database and user, if it is not given others."""
        return f"{application}{self.number}"

    def give(self, application: str, **files: str) -> None:
        name = self.named(application)
        write(self.folder / application, **{"username": name, "database": name, "password": PASSWORD, **files})

    def environment(self) -> dict[str, str]:
        return self.server.environment(user=self.admin, password=ADMIN_PASSWORD, database=self.database)

    def run(self, *applications: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run(*(self.folder / name for name in applications), **{**self.environment(), **environment})

    def start(self, *applications: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", PROGRAM, *(self.folder / name for name in applications)],
            env={**os.environ, **self.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self, *applications: str) -> None:
        result = self.run(*applications)
        assert result.returncode == 0, result.stderr
        assert result.stdout == "".join(f"databases: {name}: ready\n" for name in applications)

    def sql(self, statement: str, **login: str) -> str:
        """As the server's superuser, unless told otherwise."""
        return self.server.psql(statement, **login)

    def as_admin(self, statement: str, *, database: str | None = None) -> str:
        return self.sql(statement, user=self.admin, password=ADMIN_PASSWORD, database=database or self.database)

    def as_owner(self, application: str, statement: str, **login: str) -> str:
        files = {path.name: path.read_text() for path in (self.folder / application).iterdir()}
        login = {"user": files["username"], "password": files["password"], "database": files["database"], **login}
        return self.sql(statement, **login)

    def state(self, *databases: str) -> list[str]:
        """What a run may have changed, but for passwords."""
        return [
            self.sql(
                "SELECT * FROM pg_roles ORDER BY rolname;"
                "SELECT roleid::regrole, member::regrole, grantor::regrole FROM pg_auth_members ORDER BY 1, 2, 3;"
                "SELECT datname, datdba::regrole, datacl FROM pg_database ORDER BY 1;"
                "SELECT * FROM pg_shdescription ORDER BY 1, 2"
            ),
            *(
                self.sql(
                    "SELECT nspname, nspowner::regrole, nspacl FROM pg_namespace ORDER BY 1;"
                    "SELECT oid::regclass, relowner::regrole, relacl FROM pg_class ORDER BY 1",
                    database=name,
                )
                for name in databases
            ),
        ]

    def waiting(self) -> list[str]:
        """Which databases runs are connected to while they wait for their turn."""
        return self.sql(
            "SELECT datname FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND NOT granted AND application_name = 'floe-infra-databases'"
        ).splitlines()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def platform(server: Server, tmp_path: Path) -> Platform:
    platform = Platform(server, tmp_path, next(_numbers))
    server.psql(
        f"CREATE ROLE {platform.admin} LOGIN CREATEROLE CREATEDB PASSWORD $${ADMIN_PASSWORD}$$;"
        f"CREATE DATABASE {platform.database} OWNER {platform.admin}"
    )
    return platform


@pytest.fixture
def session(server: Server) -> Iterator[Callable[..., Callable[[], None]]]:
    """`end = session(begin, last, **login)` does the first statement and stays until `end()` does the last."""
    psqls: list[subprocess.Popen[str]] = []

    def begin(first: str, last: str = "", **login: str) -> Callable[[], None]:
        psql = subprocess.Popen(
            ["psql", "-XAtqw", "-v", "ON_ERROR_STOP=1"],
            env=server.environment(**login),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        psqls.append(psql)
        assert psql.stdin
        assert psql.stdout
        psql.stdin.write(f"{first}\n\\echo done\n")
        psql.stdin.flush()
        while psql.stdout.readline() != "done\n":
            assert psql.poll() is None

        def end() -> None:
            psql.communicate(last)
            assert psql.returncode == 0

        return end

    yield begin
    for psql in psqls:
        if psql.poll() is None:
            psql.communicate()


@pytest.fixture
def locked(session: Callable[..., Callable[[], None]]) -> Callable[[str], Callable[[], None]]:
    """`release = locked(database)`: until then, no run gets its turn in that database."""
    return lambda database: session(f"SELECT pg_advisory_lock({LOCK});", database=database)


def until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(subprocess.CalledProcessError) as raised:
        call()
    message: str = raised.value.stderr
    return message


# What is said of the input, before any server


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return write(tmp_path / "marquez", username="marquez", password=PASSWORD, database="marquez")


def test_without_applications_there_is_nothing_to_do():
    result = run()
    assert (result.returncode, result.stderr) == (2, "usage: databases.sh DIRECTORY...\n")


@pytest.mark.parametrize("key", ["username", "password", "database"])
def test_a_missing_file(secret, key):
    (secret / key).unlink()
    result = run(secret)
    assert result.returncode == 2
    assert result.stderr == f"databases: marquez: {secret / key} is missing, empty or not readable\n"


def test_a_directory_that_was_not_mounted(tmp_path):
    result = run(tmp_path / "nessie")
    assert (result.returncode, result.stderr.split(":")[:2]) == (2, ["databases", " nessie"])


@pytest.mark.parametrize("key", ["username", "password", "database"])
@pytest.mark.parametrize("value", ["", b"name\n", b"na\nme", b"na\rme", b"na\0me"])
def test_what_would_be_cut_off_or_split(secret, key, value):
    write(secret, **{key: value})
    result = run(secret)
    assert result.returncode == 2
    assert result.stderr.startswith(f"databases: marquez: {secret / key} ")


@pytest.mark.skipif(shutil.which("psql") is None, reason="needs psql")
def test_without_tls_nothing_is_said(secret):
    said = []

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            said.append(connection.recv(100))
            connection.sendall(b"N")  # "I speak no TLS"
            said.append(connection.recv(100))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        thread = threading.Thread(target=answer, args=[listener])
        thread.start()
        result = run(secret, PGHOST="127.0.0.1", PGPORT=str(listener.getsockname()[1]), PGUSER="floe")
        thread.join()
    assert result.returncode == 2
    assert "server does not support SSL, but SSL was required" in result.stderr
    assert said == [bytes([0, 0, 0, 8, 4, 210, 22, 47]), b""]  # the request for TLS, then the end


# What owners may do


@pytest.mark.slow
def test_owner_works_in_its_own_database(platform):
    platform.give("dagster")
    platform.ready("dagster")
    rows = platform.as_owner(
        "dagster",
        "CREATE TABLE runs (id serial PRIMARY KEY); CREATE SCHEMA events; CREATE TEMP TABLE t (); CREATE VIEW v AS"
        " SELECT 1; INSERT INTO runs DEFAULT VALUES; SELECT id FROM runs",
    )
    assert rows == "1"


@pytest.mark.slow
def test_owner_has_no_other_powers(platform):
    platform.give("dagster")
    platform.ready("dagster")
    role = platform.named("dagster")
    assert (
        platform.sql(
            "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolconnlimit,"
            f" (SELECT count(*) FROM pg_auth_members WHERE member = oid) FROM pg_roles WHERE rolname = '{role}'"
        )
        == "t|f|f|f|f|f|-1|0"
    )
    for statement in ("CREATE DATABASE mine", "CREATE ROLE mine"):
        assert "permission denied" in refused(lambda statement=statement: platform.as_owner("dagster", statement))


@pytest.mark.slow
def test_no_application_gets_into_anothers_database(platform):
    applications = ["dagster", "marquez", "polaris", "nessie"]
    platform.give("dagster", database=platform.database)
    for application in applications[1:]:
        platform.give(application)
    platform.ready(*applications)
    databases = [(platform.folder / application / "database").read_text() for application in applications]
    for application, own in zip(applications, databases, strict=True):
        for database in databases:
            if database == own:
                assert platform.as_owner(application, "SELECT current_user") == platform.named(application)
            else:
                message = refused(lambda a=application, d=database: platform.as_owner(a, "SELECT 1", database=d))
                assert f'permission denied for database "{database}"' in message


@pytest.mark.slow
def test_others_have_nothing_in_the_database(platform):
    platform.give("dagster")
    platform.ready("dagster")
    name = platform.named("dagster")
    assert platform.sql(f"SELECT datdba::regrole, datacl FROM pg_database WHERE datname = '{name}'") == (
        f"{name}|{{{name}=CTc/{name}}}"
    )
    create = platform.sql("SELECT has_schema_privilege('pg_monitor', 'public', 'CREATE')", database=name)
    # Before 15 the schema is a superuser's.
    assert create == ("f" if platform.server.version >= 15 else "t")


@pytest.mark.slow
def test_databases_are_utf8_and_free_of_what_is_in_template1(platform):
    platform.give("dagster")
    platform.sql("CREATE TABLE IF NOT EXISTS left_over ()", database="template1")
    platform.ready("dagster")
    rows = platform.as_owner("dagster", "SHOW server_encoding; SELECT to_regclass('left_over') IS NULL")
    assert rows == "UTF8\nt"


# Again and again


@pytest.mark.slow
def test_second_run_changes_nothing(platform):
    platform.give("dagster", database=platform.database)
    platform.give("marquez")
    platform.ready("dagster", "marquez")
    platform.as_owner("marquez", "CREATE TABLE datasets (name text)")
    databases = (platform.database, platform.named("marquez"))
    before = platform.state(*databases)
    platform.ready("dagster", "marquez")
    assert platform.state(*databases) == before


@pytest.mark.slow
def test_applications_work_on_meanwhile(platform, session):
    platform.give("dagster")
    platform.ready("dagster")
    platform.as_owner("dagster", "CREATE TABLE runs (id int)")
    login = {"user": platform.named("dagster"), "password": PASSWORD, "database": platform.named("dagster")}
    commit = session("BEGIN; INSERT INTO runs VALUES (1);", "COMMIT;", **login)
    platform.ready("dagster")
    commit()
    assert platform.as_owner("dagster", "SELECT id FROM runs") == "1"


@pytest.mark.slow
def test_rotation(platform):
    platform.give("dagster")
    platform.ready("dagster")
    platform.give("dagster", password="the next one")
    platform.ready("dagster")
    assert platform.as_owner("dagster", "SELECT 1") == "1"
    message = refused(lambda: platform.as_owner("dagster", "SELECT 1", password=PASSWORD))
    assert "password authentication failed" in message


@pytest.mark.slow
def test_drifted_rights_are_taken_back(platform):
    platform.give("dagster")
    platform.ready("dagster")
    name = platform.named("dagster")
    before = platform.state(name)
    platform.sql(f"ALTER ROLE {name} CREATEDB CREATEROLE NOLOGIN; GRANT CONNECT ON DATABASE {name} TO PUBLIC")
    platform.sql("GRANT ALL ON SCHEMA public TO PUBLIC", database=name)
    platform.ready("dagster")
    if platform.server.version >= 15:
        platform.sql("REVOKE USAGE ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC", database=name)
        assert platform.state(name) == before
    assert platform.state()[0] == before[0]


@pytest.mark.slow
def test_a_username_that_changes_takes_the_database_along(platform):
    platform.give("dagster")
    platform.ready("dagster")
    platform.as_owner("dagster", "CREATE TABLE runs (id int)")
    old, new = platform.named("dagster"), platform.named("renamed")
    platform.give("dagster", username=new)
    platform.ready("dagster")
    assert platform.as_owner("dagster", "ALTER TABLE runs ADD COLUMN n int; SELECT count(*) FROM runs") == "0"
    message = refused(lambda: platform.as_owner("dagster", "SELECT 1", user=old))
    assert "permission denied for database" in message


# Names and passwords

HOSTILE = [
    "it's",
    'a"b',
    '"',
    "'; DROP DATABASE postgres; --",
    "back\\slash\\",
    "a$$b$a$",
    "100%s%I",
    ":username :'username'",
    " in spaces ",
    "-v",
    "a=b host=nowhere",
    "postgresql://nowhere/x",
    "`touch hit` $(touch hit) ${PATH} !! *",
    "Größe/数据",
    "MixedCase",
    "select",
    "# no: comment",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(platform, name):
    platform.give("dagster", username=f"{name}{platform.number}", database=f"{name}{platform.number}")
    platform.ready("dagster")
    platform.ready("dagster")
    assert platform.as_owner("dagster", "CREATE TABLE runs (); SELECT current_user, current_database()") == (
        f"{name}{platform.number}|{name}{platform.number}"
    )
    platform.sql("SELECT 1")  # the server and its databases are there


@pytest.mark.slow
@pytest.mark.parametrize("name", ["select", "user", "order", "current_user", '"', "'"])
def test_names_that_are_keywords_or_quotes(platform, name):
    platform.give("dagster", username=name, database=name)
    platform.ready("dagster")
    assert platform.as_owner("dagster", "SELECT session_user = current_database()") == "t"


@pytest.mark.slow
@pytest.mark.parametrize(
    "password",
    [
        *HOSTILE,
        "\\q",
        "\\",
        "\t",
        "x" * 1000,
        "\ud83d\ude80".encode("utf-16", "surrogatepass").decode("utf-16"),
        "md5" + "0" * 32,
        "SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "=:" + "A" * 43 + "=",
    ],
    ids=lambda password: password[:12],
)
def test_hostile_passwords(platform, password):
    platform.give("dagster", password=password)
    platform.ready("dagster")
    assert platform.as_owner("dagster", "SELECT 1") == "1"


@pytest.mark.slow
def test_names_as_long_as_postgresql_keeps_them(platform):
    longest = f"{platform.number:03}" + "é" * 30  # 63 bytes
    platform.give("dagster", username=longest, database=longest)
    platform.ready("dagster")
    assert platform.as_owner("dagster", "SELECT current_user, current_database()") == f"{longest}|{longest}"


@pytest.mark.slow
@pytest.mark.parametrize("key", ["username", "database"])
def test_longer_names_are_not_cut_off(platform, key):
    platform.give("dagster", **{key: "é" * 32})
    before = platform.state()
    result = platform.run("dagster")
    assert result.returncode == 3
    assert "at most 63 bytes" in result.stderr
    assert "databases: dagster: failed" in result.stderr
    assert platform.state() == before


# What is there already


@pytest.mark.slow
def test_the_database_made_with_the_server_is_handed_over_with_what_is_in_it(platform):
    platform.give("dagster", database=platform.database)
    platform.as_admin(
        "CREATE TABLE runs (id serial, n int GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (id));"
        "CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF parts DEFAULT;"
        "CREATE VIEW v AS SELECT * FROM runs; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one; CREATE SEQUENCE s;"
        "CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);"
        "CREATE TYPE pair AS (a int, b int); CREATE TYPE span AS RANGE (subtype = int);"
        """CREATE SCHEMA "It's"; CREATE TABLE "It's"."x y" ();"""
        "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';"
        "CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int);"
    )
    platform.as_admin("CREATE DATABASE " + platform.named("untouched"))
    platform.ready("dagster")
    left = platform.sql(
        "SELECT refobjid::regrole, pg_describe_object(classid, objid, 0) FROM pg_shdepend"
        f" WHERE deptype = 'o' AND refobjid <> '{platform.named('dagster')}'::regrole"
        " AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
        database=platform.database,
    )
    assert [line for line in left.splitlines() if "multirange" not in line] == []
    platform.as_owner(
        "dagster", """DROP TABLE runs, parts CASCADE; DROP SCHEMA "It's" CASCADE; DROP AGGREGATE total(int)"""
    )
    owner = platform.sql(f"SELECT datdba::regrole FROM pg_database WHERE datname = '{platform.named('untouched')}'")
    assert owner == platform.admin


@pytest.mark.slow
def test_extensions_and_their_members_stay(platform):
    platform.give("dagster", database=platform.database)
    if platform.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'hstore'") == "0":
        pytest.skip("needs PostgreSQL's contributed extensions")
    platform.sql(f"ALTER ROLE {platform.admin} SUPERUSER")
    platform.as_admin("CREATE EXTENSION hstore; CREATE TABLE runs (tags hstore)")
    platform.ready("dagster")
    assert (
        platform.as_owner("dagster", "SELECT typowner::regrole FROM pg_type WHERE typname = 'hstore'") == platform.admin
    )
    assert platform.as_owner("dagster", "DROP TABLE runs; SELECT 'a=>1'::hstore") == '"a"=>"1"'


@pytest.mark.slow
def test_the_servers_first_superuser_as_administrator(platform):
    """As in a container: it owns all that PostgreSQL brings along, which stays with it."""
    platform.give("dagster", database=platform.named("first"))
    platform.sql(f"CREATE DATABASE {platform.named('first')}")
    # The schema is still the superuser's where the server comes from PostgreSQL 14.
    platform.sql(
        "ALTER SCHEMA public OWNER TO postgres; CREATE TABLE runs (); CREATE TEMP TABLE t ()",
        database=platform.named("first"),
    )
    environment = platform.server.environment(database=platform.named("first"))
    result = platform.run("dagster", **environment)
    assert result.returncode == 0, result.stderr
    assert platform.as_owner("dagster", "ALTER TABLE runs ADD COLUMN id int; SELECT count(*) FROM runs") == "0"
    assert platform.as_owner("dagster", "ALTER SCHEMA public RENAME TO x; ALTER SCHEMA x RENAME TO public") == ""
    assert (
        platform.sql(
            "SELECT count(*) FROM pg_class WHERE relowner <> 'postgres'::regrole AND oid < 16384;"
            "SELECT count(*) FROM pg_namespace WHERE nspowner <> 'postgres'::regrole AND nspname ~ '^pg_';"
            "SELECT has_schema_privilege('pg_monitor', 'public', 'CREATE')",
            database=platform.named("first"),
        )
        == "0\n0\nf"
    )


def _role_of_somebody_else(platform: Platform) -> str:
    platform.sql(f"CREATE ROLE {platform.named('dagster')} LOGIN")
    return 'exists, and its comment is not "made by floe-infra for dagster"'


def _role_of_another_application(platform: Platform) -> str:
    platform.give("marquez", username=platform.named("dagster"))
    platform.ready("marquez")
    return 'exists, and its comment is not "made by floe-infra for dagster"'


def _the_administrator_itself(platform: Platform) -> str:
    platform.give("dagster", username=platform.admin)
    return 'exists, and its comment is not "made by floe-infra for dagster"'


def _superuser(platform: Platform) -> str:
    platform.ready("dagster")
    platform.sql(f"ALTER ROLE {platform.named('dagster')} SUPERUSER")
    return "more than an owner may have"


def _database_of_somebody_else(platform: Platform) -> str:
    role = platform.named("grafana")
    platform.sql(f"CREATE ROLE {role}; CREATE DATABASE {platform.named('dagster')} OWNER {role}")
    return f"belongs to {role}, which was not made by floe-infra for dagster"


def _database_of_another_application(platform: Platform) -> str:
    platform.give("marquez", database=platform.named("dagster"))
    platform.ready("marquez")
    return f"belongs to {platform.named('marquez')}, which was not made by floe-infra for dagster"


def _database_that_the_administrator_made(platform: Platform) -> str:
    platform.as_admin(f"CREATE DATABASE {platform.named('dagster')}")
    return f"belongs to {platform.admin}, which was not made by floe-infra for dagster"


def _database_of_the_server(platform: Platform) -> str:
    platform.give("dagster", database="template1")
    return "belongs to postgres, which was not made by floe-infra for dagster"


@pytest.mark.slow
@pytest.mark.parametrize(
    "there",
    [
        _role_of_somebody_else,
        _role_of_another_application,
        _the_administrator_itself,
        _superuser,
        _database_of_somebody_else,
        _database_of_another_application,
        _database_that_the_administrator_made,
        _database_of_the_server,
    ],
    ids=lambda there: there.__name__,
)
def test_nothing_is_stolen(platform, there):
    platform.give("dagster")
    reason = there(platform)
    platform.give("nessie")
    before = platform.state()
    result = platform.run("dagster", "nessie")
    assert result.returncode == 3
    assert reason in result.stderr
    assert "HINT: " in result.stderr
    assert result.stderr.endswith("databases: dagster: failed\n")
    assert platform.state() == before


@pytest.mark.slow
def test_what_the_hints_say_hands_over(platform):
    name = platform.named("dagster")
    platform.give("dagster")
    platform.as_admin(f"CREATE ROLE {name}; CREATE DATABASE {name}")
    for _ in ("role", "database"):
        hint = platform.run("dagster").stderr.partition("HINT: ")[2].splitlines()[0]
        platform.as_admin(hint[hint.index("COMMENT ON") :])
    platform.ready("dagster")
    assert platform.as_owner("dagster", "CREATE TABLE runs (); SELECT current_user") == name


# Trust


@pytest.mark.slow
def test_passwords_do_not_reach_the_servers_log(platform):
    before = platform.server.log.stat().st_size
    for password in ("a very secret one", 'its successor\'s "word"'):
        platform.give("dagster", password=password)
        platform.ready("dagster")
    platform.run("dagster", PGPASSWORD="wrong")
    platform.sql(f"ALTER ROLE {platform.named('dagster')} SUPERUSER")
    assert platform.run("dagster").returncode == 3
    log = platform.server.log.read_text()[before:]
    assert len(re.findall(rf'ALTER USER "?{platform.named("dagster")}"? PASSWORD \'SCRAM-SHA-256\$', log)) == 2
    assert "secret one" not in log
    assert "successor" not in log


@pytest.mark.slow
def test_scram_even_where_the_server_would_take_md5(platform):
    platform.sql(f"ALTER ROLE {platform.admin} SET password_encryption = 'md5'")
    platform.give("dagster")
    platform.ready("dagster")
    verifier = platform.sql(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{platform.named('dagster')}'")
    assert verifier.startswith("SCRAM-SHA-256$")


@pytest.mark.slow
def test_passwords_are_in_no_process(platform, locked):
    platform.give("dagster", password="nowhere-to-be-seen")
    release = locked(platform.database)
    run = platform.start("dagster")
    until(lambda: platform.waiting() == [platform.database])
    seen = [
        path.read_bytes()
        for process in Path("/proc").glob("[0-9]*")
        if _descends(process, run.pid)
        for path in (process / "cmdline", process / "environ")
    ]
    release()
    assert run.wait() == 0
    assert any(b"psql" in text and b"databases.sql" in text for text in seen)
    assert not any(b"nowhere-to-be-seen" in text for text in seen)


def _descends(process: Path, ancestor: int) -> bool:
    number = int(process.name)
    while number > 1 and number != ancestor:
        try:
            number = int((Path("/proc") / str(number) / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return number == ancestor


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("script") is None, reason="needs script, which makes a terminal")
def test_a_terminal_is_not_asked(platform):
    platform.give("dagster")
    command = shlex.join(["sh", str(PROGRAM), str(platform.folder / "dagster")])
    subprocess.run(
        ["script", "--quiet", "--return", "--command", command, "/dev/null"],
        env={**os.environ, **platform.environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert platform.as_owner("dagster", "SELECT 1") == "1"


@pytest.mark.slow
def test_connections_are_encrypted(platform, locked):
    platform.give("dagster")
    release = locked(platform.database)
    run = platform.start("dagster")
    until(lambda: platform.waiting() == [platform.database])
    ssl = platform.sql(
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'floe-infra-databases'"
    )
    release()
    assert run.wait() == 0
    assert ssl == "t"
    result = platform.run("dagster", PGSSLMODE="disable")
    assert result.returncode == 2
    assert "no encryption" in result.stderr


@pytest.mark.slow
def test_an_owner_cannot_make_the_administrator_run_its_code(platform):
    platform.give("dagster")
    platform.ready("dagster")
    name = platform.named("dagster")
    platform.as_owner(
        "dagster",
        "CREATE TABLE hits (who name);"
        "CREATE FUNCTION format(text, name, text) RETURNS text LANGUAGE sql AS"
        " 'INSERT INTO public.hits SELECT current_user; SELECT ''SELECT 1''';"
        "CREATE FUNCTION pg_has_role(oid, text) RETURNS bool LANGUAGE sql AS"
        " 'INSERT INTO public.hits SELECT current_user; SELECT true';"
        f"ALTER DATABASE {name} SET search_path = public, pg_catalog",
    )
    platform.ready("dagster")
    assert platform.as_owner("dagster", "SELECT count(*) FROM public.hits") == "0"


# Failures


@pytest.mark.slow
@pytest.mark.parametrize(
    ("password", "message"), [("wrong", "password authentication failed"), ("", "no password supplied")]
)
def test_wrong_administrator(platform, password, message):
    """Nor is the application's password tried for the administrator's."""
    platform.give("dagster", password=ADMIN_PASSWORD)
    result = platform.run("dagster", PGPASSWORD=password)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.endswith("databases: dagster: failed\n")


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["NOCREATEROLE", "NOCREATEDB"])
def test_administrator_that_lacks_a_right(platform, lost):
    platform.give("dagster")
    platform.give("marquez")
    platform.sql(f"ALTER ROLE {platform.admin} {lost}")
    result = platform.run("dagster", "marquez")
    assert result.returncode == 3
    assert "permission denied to create" in result.stderr
    assert "databases: dagster: failed" in result.stderr
    assert "marquez" not in result.stdout + result.stderr


@pytest.mark.slow
def test_names_that_the_server_keeps_to_itself(platform):
    platform.give("dagster", username="pg_dagster")
    result = platform.run("dagster")
    assert result.returncode == 3
    assert 'role name "pg_dagster" is reserved' in result.stderr
    assert "databases: dagster: failed" in result.stderr


@pytest.mark.slow
def test_a_database_that_stays_open_to_everybody(platform):
    """The grant is somebody else's, which the owner cannot revoke."""
    platform.give("dagster")
    platform.ready("dagster")
    name, other = platform.named("dagster"), platform.named("other")
    platform.sql(f"CREATE ROLE {other}; GRANT CONNECT ON DATABASE {name} TO {other} WITH GRANT OPTION")
    platform.sql(f"SET ROLE {other}; GRANT CONNECT ON DATABASE {name} TO PUBLIC")
    result = platform.run("dagster")
    assert result.returncode == 3
    assert f"everybody may still use database {name}" in result.stderr
    assert result.stderr.endswith("databases: dagster: failed\n")


@pytest.mark.slow
def test_a_schema_that_the_owner_cannot_use(platform):
    platform.give("dagster")
    platform.ready("dagster")
    name = platform.named("dagster")
    platform.sql("ALTER SCHEMA public OWNER TO postgres; REVOKE ALL ON SCHEMA public FROM PUBLIC", database=name)
    result = platform.run("dagster")
    assert result.returncode == 3
    assert f"role {name} may not create anything in the schema public of database {name}" in result.stderr
    assert result.stderr.endswith("databases: dagster: failed\n")


@pytest.mark.slow
def test_those_before_the_failing_one_are_finished(platform):
    platform.give("dagster")
    platform.give("marquez", username=platform.admin)
    result = platform.run("dagster", "marquez")
    assert (result.returncode, result.stdout) == (3, "databases: dagster: ready\n")
    assert result.stderr.endswith("databases: marquez: failed\n")
    assert platform.as_owner("dagster", "SELECT 1") == "1"


@pytest.mark.slow
def test_interrupted_before_the_first_step(platform, locked):
    platform.give("dagster")
    before = platform.state()
    release = locked(platform.database)
    run = platform.start("dagster")
    until(lambda: platform.waiting() == [platform.database])
    _cut(platform)
    assert run.wait() != 0
    assert "databases: dagster: failed" in run.communicate()[1]
    release()
    assert platform.state() == before
    platform.ready("dagster")


@pytest.mark.slow
def test_interrupted_between_role_and_database(platform, locked):
    name = platform.named("dagster")
    platform.give("dagster")
    platform.as_admin(f"CREATE DATABASE {name}; COMMENT ON DATABASE {name} IS 'made by floe-infra for dagster'")
    platform.as_admin("CREATE TABLE runs ()", database=name)
    release = locked(name)
    run = platform.start("dagster")
    until(lambda: platform.waiting() == [name])
    _cut(platform)
    assert run.wait() != 0
    assert "databases: dagster: failed" in run.communicate()[1]
    release()
    assert platform.sql(f"SELECT datdba::regrole FROM pg_database WHERE datname = '{name}'") == platform.admin
    platform.ready("dagster")
    assert platform.as_owner("dagster", "DROP TABLE runs; SELECT 1") == "1"


@pytest.mark.slow
def test_interrupted_with_the_database_just_made(platform):
    """CREATE DATABASE is no part of a transaction: everybody may use the new database until the next one."""
    platform.give("dagster")
    platform.ready("dagster")
    name = platform.named("dagster")
    wanted = platform.state(name)
    platform.sql(f"DROP DATABASE {name}")
    platform.as_admin(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0")
    platform.ready("dagster")
    assert platform.state(name) == wanted


def _cut(platform: Platform) -> None:
    platform.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'floe-infra-databases'"
    )


@pytest.mark.slow
def test_two_runs_at_once(platform, locked):
    applications = ["dagster", "marquez", "polaris", "nessie"]
    platform.give("dagster", database=platform.database)
    for application in applications[1:]:
        platform.give(application)
    release = locked(platform.database)
    runs = [platform.start(*applications), platform.start(*applications)]
    until(lambda: len(platform.waiting()) == 2)
    release()
    for run in runs:
        assert run.communicate()[1].count("ERROR") == 0
        assert run.returncode == 0
    for application in applications:
        assert platform.as_owner(application, "CREATE TABLE t (); SELECT current_user") == platform.named(application)


def test_an_administrator_as_cloud_sql_makes_it(platform: Platform):
    """A member of a role that owns the server's databases, the one that it is connected to among them."""
    everybody, admin, database = (f"{name}{platform.number}" for name in ("cloudsqlsuperuser", "admin", "server"))
    platform.sql(
        f"CREATE ROLE {everybody} CREATEROLE CREATEDB;"
        f"CREATE ROLE {admin} LOGIN CREATEROLE CREATEDB PASSWORD $${ADMIN_PASSWORD}$$ IN ROLE {everybody};"
    )
    platform.sql(f"CREATE DATABASE {database} OWNER {everybody}")
    login = platform.server.environment(user=admin, password=ADMIN_PASSWORD, database=database)
    for application in ("dagster", "polaris"):
        platform.give(application)
    for _ in range(2):
        result = platform.run("dagster", "polaris", **login)
        assert result.returncode == 0, result.stderr
    assert platform.as_owner("dagster", "CREATE TABLE runs (id int); SELECT current_user") == platform.named("dagster")
    owner = f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{database}'"
    assert platform.sql(owner) == everybody
