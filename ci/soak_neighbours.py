# SPDX-License-Identifier: BSD-3-Clause
"""What ci/soak.py lets loose on a server: strangers beside every test, and clients that break the
protocol where a test should be. Nobody here keeps a server longer than its own limits allow."""
import json
import socket
import struct
import threading

COOKIE = b"soaksoaksoaksoaksoaksoaksoaksoaksoak\0"
PARAM_EXCHANGE, CREATE_STREAMS, EXCHANGE_RESULTS = b"\x09", b"\x0a", b"\x0d"
RUNNING, TEST_END = b"\x01\x02", b"\x04"
LIMIT = 20


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=LIMIT)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def frame(document):
    text = json.dumps(document, separators=(",", ":")).encode()
    return struct.pack("!I", len(text)) + text


def hear_out(connection, limit):
    """Reads until the server ends the connection, or says nothing for so long."""
    connection.settimeout(limit)
    try:
        while connection.recv(65536):
            pass
    except OSError:
        pass


# --- strangers: none says what test it wants, so none can become the next one

def silent(port, rng):
    with connect(port) as c:
        hear_out(c, rng.uniform(0.01, 2))


def half_a_cookie(port, rng):
    with connect(port) as c:
        c.sendall(COOKIE[:rng.randrange(1, 37)])
        hear_out(c, rng.uniform(0.01, 2))


def cookie_of_its_own(rng):
    return bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz234567", k=36)) + b"\0"


def silent_with_a_cookie(port, rng):
    with connect(port) as c:
        c.sendall(cookie_of_its_own(rng))
        hear_out(c, rng.uniform(0.01, 2))


def half_of_its_parameters(port, rng):
    with connect(port) as c:
        text = frame({"tcp": True, "time": 1})
        c.sendall(cookie_of_its_own(rng) + text[:rng.randrange(1, len(text))])
        hear_out(c, rng.uniform(0.01, 2))


def ends_half_a_cookie(port, rng):
    with connect(port) as c:
        c.sendall(rng.randbytes(rng.randrange(1, 37)))
        c.shutdown(socket.SHUT_WR)
        hear_out(c, 2)


def knocks_and_runs(port, rng):
    for _ in range(rng.randrange(1, 20)):
        reset(connect(port))


def crowd(port, rng):
    guests = [connect(port) for _ in range(rng.randrange(50, 300))]
    for guest in guests:
        guest.close()


def datagrams(port, rng):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for _ in range(rng.randrange(1, 30)):
            s.sendto(b"no connect datagram" * rng.randrange(0, 50), ("127.0.0.1", port))


def connect_datagrams_of_another_host(port, rng):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.2", 0))
        for _ in range(rng.randrange(1, 30)):
            s.sendto(rng.choice([b"9876", b"6789"]), ("127.0.0.1", port))


STRANGERS = [silent, half_a_cookie, silent_with_a_cookie, half_of_its_parameters, ends_half_a_cookie,
             knocks_and_runs, crowd, datagrams, connect_datagrams_of_another_host]


class Neighbours:
    """Some threads of strangers, until they are told to stop."""

    def __init__(self, port, seeds, make_rng):
        self.visits = 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.live, args=(port, make_rng(seed)))
                        for seed in seeds]
        for thread in self.threads:
            thread.start()

    def live(self, port, rng):
        while not self.stopping.wait(rng.expovariate(10)):
            try:
                rng.choice(STRANGERS)(port, rng)
            except OSError:
                pass  # the server may be as rude as it likes to these
            self.visits += 1

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


# --- clients that break the protocol at a step

def parameters(rng):
    document = {"udp" if rng.random() < 0.2 else "tcp": True, "omit": 0, "time": rng.choice([0, 1, 10]),
                "num": rng.choice([0, 1000, 10**9]), "parallel": rng.choice([1, 1, 2]), "len": 1000}
    document.update(rng.choice([{}, {"reverse": True}, {"bidirectional": True}, {"role_flag": 2},
                                {"role_flag": 1, "reverse": True}, {"get_server_output": 1}]))
    return document


def strange_parameters(rng):
    document = parameters(rng)
    document[rng.choice(list(document) + ["window", "MSS", "title", "congestion", "authtoken"])] = (
        rng.choice([-1, 0, 2**63, 1e308, "x" * 1000, None, [], {}, True]))
    return document


def results(rng):
    number = rng.choice([0, 1, -1, 2**63 - 1, -2**63, 1e308, "1", None])
    return {"cpu_util_total": 1, "cpu_util_user": 1, "cpu_util_system": 1,
            "sender_has_retransmits": number,
            "streams": [{"id": rng.choice([1, 1, 3, 77]), "bytes": number, "retransmits": number,
                         "jitter": number, "errors": number, "packets": number}]}


def misbehave(connection, rng):
    deed = rng.randrange(7)
    if deed == 0:
        return reset(connection)
    if deed == 1:
        connection.sendall(bytes([rng.randrange(256)]))
    if deed == 2:
        connection.sendall(rng.randbytes(rng.randrange(1, 5000)))
    if deed == 3:
        connection.sendall(struct.pack("!I", rng.choice([0, 1, 8193, 0x7fffffff, 0xffffffff])))
    if deed == 4:
        connection.sendall(frame(strange_parameters(rng)))
    if deed == 5:
        connection.sendall(frame(results(rng))[:rng.randrange(1, 60)])
    if deed == 6:
        connection.sendall(rng.randbytes(1 << 20))
    connection.shutdown(socket.SHUT_WR)
    return hear_out(connection, LIMIT)


def bad_client(port, rng):
    """One that goes through a test as far as it likes. Its connections end with it."""
    streams = []
    control = connect(port)
    steps = [
        lambda: control.sendall(COOKIE),
        lambda: control.recv(1),
        lambda: control.sendall(frame(parameters(rng) if rng.random() < 0.7
                                      else strange_parameters(rng))),
        lambda: control.recv(100),
        lambda: streams.append(connect(port)),
        lambda: streams[-1].sendall(COOKIE + b"S\0\0"[:rng.randrange(4)]),
        lambda: streams.append(connect(port)),
        lambda: streams[-1].sendall(COOKIE),
        lambda: streams[0].sendall(rng.randbytes(rng.randrange(1, 100000))),
        lambda: control.sendall(TEST_END),
        lambda: control.sendall(frame(results(rng))),
    ]
    try:
        for step in steps[:rng.randrange(len(steps) + 1)]:
            step()
        misbehave(control, rng)
    except OSError:
        pass  # the server has had enough of it
    finally:
        for connection in [control] + streams:
            connection.close()
