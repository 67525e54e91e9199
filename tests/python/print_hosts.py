"""What a print of the host table costs an independent client, librouteros, and whoever only receives its bytes.

Usage: print_hosts.py HOST PORT COLUMNS TIMES

COLUMNS is the list of columns that the product asks for. Prints one line: seconds of processor time for each print by
librouteros, for each print whose bytes are received and not looked at, the rows, and the bytes.
"""

import socket
import sys
import time

import librouteros

USER, PASSWORD = "agent", "rahasia"
END = b"\x05!done\x00"


def by_librouteros(host, port, columns, times):
    """The rows as dictionaries, which is the least that the client gives."""
    api = librouteros.connect(host, USER, PASSWORD, port=port, timeout=60, encoding="utf-8")
    rows = 0
    begun = time.process_time()
    for _ in range(times):
        rows = sum(1 for _ in api("/ip/hotspot/host/print", **{".proplist": columns}))
    return (time.process_time() - begun) / times, rows


def sentence(*words):
    """Words shorter than 128 bytes, each after its length."""
    return b"".join(bytes([len(word)]) + word.encode() for word in words) + b"\x00"


def of_bytes(host, port, columns, times):
    """Nothing but reading from the socket."""
    with socket.create_connection((host, port), timeout=60) as connection:
        buffer = bytearray(1 << 20)

        def receive():
            size, end = 0, b""
            while end != END:
                got = connection.recv_into(buffer)
                assert got > 0, "the router closed the connection"
                end = (end + bytes(buffer[max(0, got - len(END)) : got]))[-len(END) :]
                size += got
            return size

        connection.sendall(sentence("/login", f"=name={USER}", f"=password={PASSWORD}"))
        receive()
        size = 0
        begun = time.process_time()
        for _ in range(times):
            connection.sendall(sentence("/ip/hotspot/host/print", f"=.proplist={columns}"))
            size = receive()
        return (time.process_time() - begun) / times, size


def main():
    host, port, columns, times = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    parsed, rows = by_librouteros(host, port, columns, times)
    received, size = of_bytes(host, port, columns, times)
    print(parsed, received, rows, size)


if __name__ == "__main__":
    main()
