"""`hansho`: the one command. Each subcommand is a few lines that join parts; rules live in the services."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from services.eventlog.port import EventLogError, GroupLag
from services.runtime import deployment, settings
from services.runtime.clock import SystemClock
from services.runtime.errors import HanshoError

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; 0 done, 1 it found something wrong, 2 it could not be done and says why."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["feedserver"]:
        from services.feedserver import app as feedserver

        return feedserver.main(words[1:])
    if words[:1] == ["phones"]:
        from services.phones import app as phones

        return phones.main(words[1:])
    options = _parser().parse_args(words)
    command: Command = options.command
    try:
        return command(options)
    except (HanshoError, EventLogError) as error:
        print(f"hansho: {error.code}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        # whoever read our output has gone (`hansho telegram … | head`); nothing is wrong
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hansho", description="半鐘 Hanshō: disaster alerts for a city.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="all services in one process, on one SQLite file unless --log says otherwise")
    _settings_flags(run)
    run.set_defaults(command=_run)
    _apart_commands(commands)
    telegram = commands.add_parser(
        "telegram", help="print what files of JMA, CAP and L-Alert say, a JSON line an alert"
    )
    telegram.add_argument("file", nargs="+")
    telegram.set_defaults(command=_telegram)
    sources = commands.add_parser("sources", help="list every source: terms, interval, age limit, lease, last success")
    for name in ("feeds", "cap", "data_dir"):
        sources.add_argument(f"--{name.replace('_', '-')}", dest=name, default=None, help="as given to `hansho run`")
    sources.add_argument("--json", action="store_true", help="one JSON object a source")
    sources.set_defaults(command=_sources)
    readings = commands.add_parser("readings", help="print what files of river sources hold, a JSON line a reading")
    readings.add_argument("file", nargs="+")
    readings.set_defaults(command=_readings)
    lags = commands.add_parser("groups", help="list the log's consumer groups, or forget one")
    lags.add_argument("action", nargs="?", choices=["list", "forget"], default="list")
    lags.add_argument("group", nargs="?", help="the group to forget")
    lags.add_argument("--data-dir", dest="data_dir", default=None, help="where the log lives (var/demo, var/live)")
    lags.add_argument(
        "--log", dest="log", default=None, help="the log, where it is on Kafka (kafka://HOST:PORT/PREFIX)"
    )
    lags.set_defaults(command=_groups)
    officers = commands.add_parser("officers", help="who may log in to the office: add, list, disable")
    officers.add_argument("--data-dir", dest="data_dir", default=None, help="where the log lives (var/live)")
    officers.add_argument("--log", default=None, help="the log, where it is on Kafka (kafka://HOST:PORT/PREFIX)")
    officers.add_argument("--dev", default=None, help="as for `hansho run`")
    officers.add_argument("--feeds", default=None, help="live, or as given to `hansho run`: names the data directory")
    _officers_arguments(officers)
    officers.set_defaults(command=_officers)
    explain = commands.add_parser("explain", help="why a device was told of an alert, or was not, in words")
    explain.add_argument("--device", required=True)
    explain.add_argument("--alert", required=True, help="the alert's identifier (as in /v1/situation)")
    explain.add_argument("--url", default="http://127.0.0.1:8080", help="the running gateway, on this machine")
    explain.set_defaults(command=_explain)
    preview = commands.add_parser("preview", help="whom an alert would be pushed to, before it goes out")
    preview.add_argument("file", help="the alert as JSON (as in topic alerts.*); -: standard input")
    preview.add_argument("--url", default="http://127.0.0.1:8080", help="the running gateway, on this machine")
    preview.set_defaults(command=_preview)
    rules = commands.add_parser("rules", help="check a city's rules: what is pushed to whom, and how often")
    rules.add_argument("action", choices=["lint"])
    rules.add_argument("city", nargs="*", help="cities of deploy/cities; none: all of them")
    rules.add_argument("--deploy-dir", dest="deploy_dir", default="", help="the folder deploy/")
    rules.set_defaults(command=_rules)
    areas = commands.add_parser("areas", help="the national table of areas: list, explain, import")
    _areas_arguments(areas)
    areas.set_defaults(command=_areas)
    table = commands.add_parser("settings", help="print every setting with default and help")
    table.set_defaults(command=_settings)
    commands.add_parser("feedserver", help="the demo storm and the canary as a feed server (see its own --help)")
    commands.add_parser("phones", help="the stand-in for FCM with the demo phones' inbox (see its own --help)")
    return parser


def _apart_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What there is only on Kafka."""
    for service in ("ingest", "dispatcher", "gateway"):
        apart = commands.add_parser(service, help=f"one {service} as a process of its own, on Kafka (--log)")
        _settings_flags(apart)
        apart.set_defaults(command=_run_apart, service=service)
    topics = commands.add_parser("topics", help="make the topics of a log on Kafka, or check them")
    topics.add_argument("action", choices=["apply", "check"])
    topics.add_argument("--log", dest="log", default=None, help="kafka://HOST:PORT[,HOST:PORT]/PREFIX")
    topics.add_argument("--dev", action="store_true", help="one broker is enough: for trying out only")
    topics.set_defaults(command=_topics)
    move = commands.add_parser("migrate", help="move the log of a data directory to Kafka, with groups' positions")
    move.add_argument("--to", required=True, help="kafka://HOST:PORT[,HOST:PORT]/PREFIX, its topics made and empty")
    move.add_argument("--data-dir", dest="data_dir", required=True, help="where the log lives (var/live)")
    move.add_argument("--dev", action="store_true", help="one broker is enough: for trying out only")
    move.set_defaults(command=_migrate)


def _settings_flags(parser: argparse.ArgumentParser) -> None:
    for setting in settings.SETTINGS:
        flag = setting.name.removesuffix("_s").replace("_", "-")
        parser.add_argument(f"--{flag}", dest=setting.name, metavar="VALUE", help=setting.help.replace("%", "%%"))


def _given(options: argparse.Namespace) -> settings.Settings:
    flags = {setting.name: getattr(options, setting.name, None) for setting in settings.SETTINGS}
    return settings.read(flags, os.environ)


def _run(options: argparse.Namespace) -> int:
    from services import onehost
    from services.runtime.loops import new_loop

    given = _given(options)
    with asyncio.Runner(loop_factory=None if given.log else new_loop) as runner:
        runner.run(onehost.run(given, lambda line: print(line, flush=True)))
    return 0


def _run_apart(options: argparse.Namespace) -> int:
    from services import apart

    # not uvloop: aiokafka writes to connections that have just been closed, which uvloop answers with an error that ends
    # the client's own tasks for ever
    with asyncio.Runner() as runner:
        runner.run(apart.run(options.service, _given(options), lambda line: print(line, flush=True)))
    return 0


def _topics(options: argparse.Namespace) -> int:
    from services.eventlog.open import apply_topics, check_topics

    url = settings.read({"log": options.log}, os.environ).log
    try:
        if options.action == "check":
            wrong = asyncio.run(check_topics(url, dev=options.dev))
            print("\n".join(wrong) or "every topic is as it must be")
            return 1 if wrong else 0
        done = asyncio.run(apply_topics(url, dev=options.dev))
        left = asyncio.run(check_topics(url, dev=options.dev))
    except ValueError as error:
        print(f"hansho: E6001: log={url!r}: {error}", file=sys.stderr)
        return 2
    print("\n".join([*done, *left]) or "nothing to do: every topic is as it must be")
    return 1 if left else 0


def _migrate(options: argparse.Namespace) -> int:
    from services.eventlog import migrate

    source = Path(options.data_dir) / "hansho.db"
    try:
        moved = asyncio.run(migrate.migrate(source, options.to, lambda line: print(line, flush=True), dev=options.dev))
    except ValueError as error:
        print(f"hansho: E6001: {error}", file=sys.stderr)
        return 2
    print(moved)
    return 0


def _telegram(options: argparse.Namespace) -> int:
    from services.ingest import inspect

    return inspect.main(options.file, sys.stdout)


def _readings(options: argparse.Namespace) -> int:
    from services.ingest import readings

    return readings.main(options.file, sys.stdout)


def _areas_arguments(parser: argparse.ArgumentParser) -> None:
    from services.ingest import areas

    areas.arguments(parser)


def _areas(options: argparse.Namespace) -> int:
    from services.ingest import areas

    return areas.main(options, sys.stdout)


def _sources(options: argparse.Namespace) -> int:
    from services.ingest import listing

    flags = {name: getattr(options, name) for name in ("feeds", "cap", "data_dir")}
    return listing.main(settings.read(flags, os.environ), sys.stdout, as_json=options.json)


def _officers_arguments(parser: argparse.ArgumentParser) -> None:
    from services.gateway import officers

    officers.arguments(parser)


def _officers(options: argparse.Namespace) -> int:
    from services.gateway import officers

    return officers.main(options, _given(options))


def _explain(options: argparse.Namespace) -> int:
    asked = {"device": options.device, "alert": options.alert}
    return _asked(options.url, "GET", "/v1/operator/explain", params=asked)


def _preview(options: argparse.Namespace) -> int:
    try:
        draft = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    except OSError as error:
        print(f"hansho: {options.file} cannot be read: {error}", file=sys.stderr)
        return 2
    return _asked(options.url, "POST", "/v1/operator/preview", content=draft)


def _asked(url: str, method: str, path: str, **what: Any) -> int:
    """Ask the running gateway, and print its lines."""
    import httpx

    try:
        answer = httpx.request(method, f"{url}{path}", timeout=10, trust_env=False, **what)
        body = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        print(f"hansho: E6013: no gateway answers at {url} ({error}); start it or give --url", file=sys.stderr)
        return 2
    if answer.is_error:
        print(f"hansho: {body['code']}: {body['message']}; {body['hint']}", file=sys.stderr)
        return 2
    print("\n".join(body["lines"]) or "no shard knows this device")
    return 0


def _rules(options: argparse.Namespace) -> int:
    from services.dispatcher.store import rulefile
    from services.runtime import cities

    return rulefile.main(options.city, cities.deploy_dir(options.deploy_dir), sys.stdout)


def _settings(_: argparse.Namespace) -> int:
    print(settings.table())
    return 0


def _groups(options: argparse.Namespace) -> int:
    values = settings.read({"data_dir": options.data_dir, "log": options.log}, os.environ)
    if values.log:
        return asyncio.run(_groups_on_kafka(values.log, options))
    from services.eventlog import groups

    path = Path(deployment.data_dir(values)) / "hansho.db"
    if options.action == "forget":
        if not options.group:
            print("hansho: name the group to forget: `hansho groups forget NAME`", file=sys.stderr)
            return 2
        found = groups.forget_group(path, options.group)
        print(f"forgot {options.group}" if found else f"no group {options.group} in {path}")
        return 0 if found else 1
    for lag in groups.list_groups(path, SystemClock().now()):
        print(_group_line(lag))
    return 0


async def _groups_on_kafka(url: str, options: argparse.Namespace) -> int:
    from services.eventlog.open import open_log

    async with open_log(url, dev=True) as log:
        if options.action == "forget":
            found = await log.forget(options.group or "")
            print(f"forgot {options.group}" if found else f"no group {options.group} in {url}")
            return 0 if found else 1
        for lag in await log.groups():
            print(_group_line(lag))
    return 0


def _group_line(lag: GroupLag) -> str:
    held = "  holds back old records" if lag.holds_back else ""
    return f"{lag.group:<16} {lag.topic:<18} {lag.partition:>3}  {lag.lag_records:>7} behind, {lag.lag_s:.0f} s{held}"


if __name__ == "__main__":
    sys.exit(main())
