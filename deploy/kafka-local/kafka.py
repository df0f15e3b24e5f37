"""Apache Kafka on this machine without Docker, for newcomers and tests: `make kafka`. Never for a city.

Fetches Kafka's own jars with Maven into var/kafka/lib (once, 54 MB), formats a KRaft cluster of one node or three and
starts it on loopback with free ports. Prints `kafka HOST:PORT,…` once topics can be made, and runs until it is stopped.

    kafka.py                        one node, data in var/kafka/data
    kafka.py --nodes 3 --data DIR   three nodes, replication 3, for fault tests
    kafka.py --control              takes orders from its standard input, a line each: `kill N` (kill -9), `start N`,
                                    `stop N`; answers `killed N`, `ready N`, `stopped N`. At the input's end it stops.

Needs Java 17 or newer, and Maven when the jars are not there yet. Exit status 2: something is missing, and what.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

HERE = Path(__file__).parent
VAR = HERE.parents[1] / "var" / "kafka"
JAVA_MIN = 17
READY_S = 60.0
ASK_MAX_S = 8.0
STOP_S = 10.0
PROBE = "ready.probe"


class Missing(Exception):
    """Something that this machine lacks; the text says what to do."""


def say(line: str) -> None:
    """A line for whoever started us."""
    print(line, flush=True)


def checked_java() -> str:
    """The path of a Java that will do."""
    java = shutil.which("java")
    if java is None:
        raise Missing("needs Java 17 or newer and found none. On Debian or Ubuntu: apt install openjdk-17-jre-headless")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    if found is None or int(found[1]) < JAVA_MIN:
        raise Missing(f"needs Java 17 or newer; {java} says {told.splitlines()[:1]}")
    return java


def jars() -> Path:
    """The folder of Kafka's jars, fetched when they are not those of pom.xml."""
    lib, pom = VAR / "lib", (HERE / "pom.xml").read_text("utf-8")
    stamp = lib / ".pom"
    if stamp.is_file() and stamp.read_text("utf-8") == pom:
        return lib
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing("needs Maven to fetch Kafka's jars once. On Debian or Ubuntu: apt install maven")
    say("fetching Apache Kafka's jars with Maven (54 MB, once) ...")
    shutil.rmtree(lib, ignore_errors=True)
    lib.mkdir(parents=True)
    wanted = [f"-DoutputDirectory={lib}", "-DincludeScope=runtime"]
    command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies", *wanted]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode != 0:
        raise Missing("Maven could not fetch Kafka's jars (see above): it needs Maven Central or a mirror of it")
    stamp.write_text(pom, "utf-8")
    return lib


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]


@dataclass
class Node:
    """One broker, which is a controller too."""

    id: int
    folder: Path
    port: int
    java: Sequence[str]
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it says in node.log how it is."""
        log = await asyncio.to_thread((self.folder / "node.log").open, "ab")
        self.process = await asyncio.create_subprocess_exec(
            *self.java,
            "kafka.Kafka",
            str(self.folder / "server.properties"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    async def end(self, *, kill: bool) -> None:
        """End it, by kill -9 or gently first."""
        if self.process is None or self.process.returncode is not None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def properties(  # noqa: PLR0917 - a node in one line
    node: int, nodes: int, port: int, controllers: Sequence[int], folder: Path, advertised: int
) -> Iterator[str]:
    """A node's settings. Those of sessions and elections make a restart after kill -9 take seconds, not a quarter minute."""
    copies, least = (1, 1) if nodes == 1 else (3, 2)
    yield "process.roles=broker,controller"
    yield f"node.id={node}"
    voters = ",".join(f"{number}@127.0.0.1:{one}" for number, one in enumerate(controllers, 1))
    yield f"controller.quorum.voters={voters}"
    yield f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controllers[node - 1]}"
    yield f"advertised.listeners=PLAINTEXT://127.0.0.1:{advertised or port}"
    yield "controller.listener.names=CONTROLLER"
    yield "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"
    yield "inter.broker.listener.name=PLAINTEXT"
    yield f"log.dirs={folder / 'data'}"
    yield "auto.create.topics.enable=false"
    yield f"default.replication.factor={copies}"
    yield f"min.insync.replicas={least}"
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        yield f"{topic}.replication.factor={copies}"
    yield f"transaction.state.log.min.isr={least}"
    yield f"share.coordinator.state.topic.min.isr={least}"
    yield "offsets.topic.num.partitions=4"
    yield "offsets.retention.minutes=5256000"
    yield "transaction.state.log.num.partitions=4"
    yield "group.initial.rebalance.delay.ms=0"
    yield "log.retention.check.interval.ms=1000"
    yield "log.cleaner.backoff.ms=1000"
    # one node alone on a busy machine must not be taken for dead; of three a dead leader must be
    yield f"broker.session.timeout.ms={4000 if nodes == 1 else 1500}"
    yield "broker.heartbeat.interval.ms=300"
    yield "message.max.bytes=16000000"
    yield "replica.fetch.max.bytes=16000000"
    if nodes > 1:
        yield "controller.quorum.election.timeout.ms=500"
        yield "controller.quorum.fetch.timeout.ms=1000"


@dataclass
class Cluster:
    """Nodes 1 to n. Their ports stay the same over restarts."""

    nodes: dict[int, Node] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where clients begin."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes.values())

    async def until_ready(self, node: int | None = None) -> None:
        """Return once the cluster (or that node) answers for its topics and one could be made: a round trip, no sleep."""
        within = asyncio.timeout(READY_S)
        async with within:
            while True:
                self._check_alive()
                address = self.address if node is None else f"127.0.0.1:{self.nodes[node].port}"
                if await _answers(address, copies=min(3, len(self.nodes)) if node is None else 0):
                    return
                await asyncio.sleep(0.1)

    def _check_alive(self) -> None:
        for node in self.nodes.values():
            if node.process is not None and node.process.returncode not in {None, -signal.SIGKILL}:
                tail = (node.folder / "node.log").read_text("utf-8", "replace").splitlines()[-15:]
                raise Missing("\n".join([f"node {node.id} ended with {node.process.returncode}:", *tail]))

    async def stop(self) -> None:
        """End all of them."""
        await asyncio.gather(*(node.end(kill=False) for node in self.nodes.values()))


async def _answers(address: str, copies: int) -> bool:
    """Ask in a process of its own, which can be ended: a client that meets a broker as it starts may wait for ever (3.11)."""
    command = [sys.executable, __file__, "--ask", address, "--copies", str(copies)]
    asking = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(ASK_MAX_S):
            return await asking.wait() == 0
    except TimeoutError:
        return False
    finally:
        if asking.returncode is None:
            asking.kill()
            await asking.wait()


def _ask(address: str, copies: int) -> int:
    """0 when the brokers answer for their topics, and one could be made."""
    try:
        asyncio.run(_round_trip(address, copies))
    except (KafkaError, OSError, TimeoutError):
        return 1
    return 0


async def _round_trip(address: str, copies: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=5_000)
    try:
        await admin.start()
        await admin.list_topics()
        if copies:
            with contextlib.suppress(TopicAlreadyExistsError):
                answer = await admin.create_topics([NewTopic(PROBE, 1, copies)])
                wrong = [error for error in answer.topic_errors if error[1] not in {0, TopicAlreadyExistsError.errno}]
                if wrong:
                    raise KafkaError(str(wrong))
    finally:
        await admin.close()


def prepared(count: int, data: Path, port: int, advertised: int) -> Cluster:
    """A cluster formatted in `data`, or the one that is there already with new ports."""
    java = [checked_java(), "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    java += [f"-Dlog4j2.configurationFile={HERE / 'log4j2.xml'}", "-cp", f"{jars()}/*"]
    ports = free_ports(2 * count)
    ports[0] = port or ports[0]
    controllers = ports[count:]
    cluster = Cluster()
    name = data / "cluster.id"
    data.mkdir(parents=True, exist_ok=True)
    if not name.is_file():
        told = subprocess.run(
            [*java, "kafka.tools.StorageTool", "random-uuid"], capture_output=True, text=True, check=True
        )
        name.write_text(told.stdout.split()[-1], "utf-8")
    for number in range(1, count + 1):
        folder = data / f"node-{number}"
        folder.mkdir(exist_ok=True)
        settings = folder / "server.properties"
        settings.write_text(
            "\n".join(properties(number, count, ports[number - 1], controllers, folder, advertised)), "utf-8"
        )
        form = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", name.read_text("utf-8"), "-c"]
        subprocess.run([*java, *form, str(settings)], check=True, capture_output=True)
        cluster.nodes[number] = Node(number, folder, ports[number - 1], java)
    return cluster


async def obey(cluster: Cluster) -> None:
    """Take orders from the standard input until it ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        word, _, number = line.decode().strip().partition(" ")
        node = cluster.nodes[int(number)]
        if word == "start":
            await node.start()
            await cluster.until_ready(node.id)
            say(f"ready {number}")
        else:
            await node.end(kill=word == "kill")
            say(f"{'killed' if word == 'kill' else 'stopped'} {number}")


async def run(options: argparse.Namespace) -> None:
    """Start, say where, wait."""
    began = time.monotonic()
    cluster = await asyncio.to_thread(prepared, options.nodes, options.data, options.port, options.advertised)
    ended = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    try:
        for node in cluster.nodes.values():
            await node.start()
        await cluster.until_ready()
        say(f"kafka {cluster.address}")
        if not options.control:
            say(f"ready after {time.monotonic() - began:.1f} s; Ctrl-C stops. Next, in another terminal:")
            say(f"  .venv/bin/hansho topics apply --dev --log kafka://{cluster.address}/odawara")
            say(f"  .venv/bin/hansho run --log kafka://{cluster.address}/odawara")
        waits = [asyncio.create_task(ended.wait())]
        waits += [asyncio.create_task(obey(cluster))] if options.control else []
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await cluster.stop()


def main() -> int:
    """See the module's own words."""
    parser = argparse.ArgumentParser(prog="kafka.py", description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, choices=[1, 3], default=1)
    parser.add_argument("--data", type=Path, default=VAR / "data")
    parser.add_argument("--port", type=int, default=0, help="the port of node 1; 0: any free one")
    parser.add_argument("--advertised", type=int, default=0, help="the port that clients are sent to (a proxy's)")
    parser.add_argument("--control", action="store_true", help="take orders from the standard input")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    parser.add_argument("--copies", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # that nobody listens yet is what we wait for
    if options.ask:
        return _ask(options.ask, options.copies)
    try:
        asyncio.run(run(options))
    except (Missing, TimeoutError) as error:
        print(
            f"kafka: {error or f'not ready within {READY_S:g} s: see node.log under {options.data}'}", file=sys.stderr
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
