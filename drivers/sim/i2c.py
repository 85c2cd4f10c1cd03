"""An I2C bus under smbus2: where it opens /dev/i2c-N and where it calls ioctl.

While a `SimBus` is attached, smbus2 and `drivers.wire` find its device file; every other path, and
everything else in the process, goes to the real system. smbus2 and luma above run unchanged, on the
path that they take on a Pi.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from dataclasses import dataclass
from fcntl import ioctl as real_ioctl
from typing import Any, Protocol

from smbus2 import smbus2

from drivers import wire

_FUNCTIONS = 0x00000001 | 0x0EFF0008  # plain I2C, and SMBus as the kernel emulates it over I2C
_READ_FLAG = 0x0001
_ANY_FORCE = (smbus2.I2C_SLAVE, smbus2.I2C_SLAVE_FORCE)


class I2cDevice(Protocol):
    """A chip on the bus."""

    def write(self, payload: bytes) -> None:
        """Take the bytes that follow the address byte of one write."""

    def read(self, count: int) -> bytes:
        """Return the bytes that the chip puts on the bus for one read."""


class SimBus:
    """One I2C bus, known to smbus2 as /dev/i2c-`number` while it is attached.

    `bytes` counts what went over the wire, address bytes included, and `transactions` the starts;
    both since the last `reset()`. `present = False` takes the device file away, `permitted = False`
    lets nobody open it, `devices` may be changed at any time: an address that nobody has is not
    acknowledged.
    """

    def __init__(self, number: int = 1) -> None:
        self.number = number
        self.present = True
        self.permitted = True
        self.devices: dict[int, I2cDevice] = {}
        self.bytes = 0
        self.transactions = 0
        self._lock = threading.Lock()
        self._faults: list[int | None] = []  # of the writes to come

    @property
    def path(self) -> str:
        """The device file that this bus stands for."""
        return f"/dev/i2c-{self.number}"

    def attach(self) -> None:
        """Let smbus2 find this bus; a bus attached later on the same path hides this one."""
        _kernel.attach(self)

    def detach(self) -> None:
        """Take the bus away again, under whoever still has it open."""
        _kernel.detach(self)

    def reset(self) -> None:
        """Count bytes and transactions from zero."""
        self.bytes = self.transactions = 0

    def seconds(self, hertz: int = 400_000) -> float:
        """Return how long the counted traffic takes: 9 clocks a byte, a start and a stop."""
        return (self.bytes * 9 + self.transactions * 2) / hertz

    def fail_next(self, times: int = 1, after: int = 0, skip: int = 0) -> None:
        """Break `times` writes off once `after` bytes have reached the chip; `skip` pass before."""
        with self._lock:
            self._faults = [None] * skip + [after] * times

    def write(self, address: int, payload: bytes) -> None:
        """Do one write; OSError(EREMOTEIO), as from the kernel, if nobody acknowledges."""
        with self._lock:
            self.transactions += 1
            device = self.devices.get(address)
            if device is None:
                self.bytes += 1
                raise _not_acknowledged()
            cut = self._faults.pop(0) if self._faults else None
            self.bytes += 1 + len(payload[:cut])
            device.write(payload[:cut])
            if cut is not None:
                raise _not_acknowledged()

    def read(self, address: int, count: int) -> bytes:
        """Do one read; OSError(EREMOTEIO) if nobody acknowledges."""
        with self._lock:
            self.transactions += 1
            self.bytes += 1
            device = self.devices.get(address)
            if device is None:
                raise _not_acknowledged()
            self.bytes += count
            return device.read(count)


def _not_acknowledged() -> OSError:
    return OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))


@dataclass
class _OpenFile:
    bus: SimBus
    address: int = 0


class _Kernel:
    """The system calls that smbus2 and `drivers.wire` make, for the paths that are attached."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attached: dict[str, list[SimBus]] = {}
        self._files: dict[int, _OpenFile] = {}

    def attach(self, bus: SimBus) -> None:
        with self._lock:
            buses = self._attached.setdefault(bus.path, [])
            if bus not in buses:
                buses.append(bus)
            for module in (smbus2, wire):
                vars(module).update(os=_Os(self), ioctl=self.ioctl)

    def detach(self, bus: SimBus) -> None:
        with self._lock:
            buses = self._attached.get(bus.path, [])
            if bus in buses:
                buses.remove(bus)
            if not buses:
                self._attached.pop(bus.path, None)
            self._files = {fd: file for fd, file in self._files.items() if file.bus is not bus}
            if not self._attached:
                for module in (smbus2, wire):
                    vars(module).update(os=os, ioctl=real_ioctl)

    def open(self, path: str, flags: int, *rest: int) -> int:
        buses = self._attached.get(path)
        if not buses:
            return os.open(path, flags, *rest)
        if not buses[-1].present:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if not buses[-1].permitted:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        fd = os.open(os.devnull, os.O_RDWR)  # a number that nothing else in the process has
        self._files[fd] = _OpenFile(buses[-1])
        return fd

    def close(self, fd: int) -> None:
        self._files.pop(fd, None)
        os.close(fd)

    def write(self, fd: int, payload: bytes) -> int:
        file = self._files.get(fd)
        if file is None:
            return os.write(fd, payload)
        file.bus.write(file.address, payload)
        return len(payload)

    def ioctl(self, fd: int, request: int, argument: Any = 0, *rest: Any) -> Any:  # noqa: ANN401
        file = self._files.get(fd)
        if file is None:
            return real_ioctl(fd, request, argument, *rest)
        if request == smbus2.I2C_FUNCS:
            argument.value = _FUNCTIONS
        elif request in _ANY_FORCE:
            file.address = argument
        elif request == smbus2.I2C_RDWR:
            for message in argument.msgs[: argument.nmsgs]:
                _transfer(file.bus, message)
        elif request == smbus2.I2C_SMBUS:
            _smbus(file, argument)
        else:
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        return 0


class _Os:
    """Module `os` as smbus2 sees it."""

    def __init__(self, kernel: _Kernel) -> None:
        self.open = kernel.open
        self.close = kernel.close
        self.write = kernel.write

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(os, name)


def _transfer(bus: SimBus, message: Any) -> None:  # noqa: ANN401 - a ctypes structure
    if message.flags & _READ_FLAG:
        ctypes.memmove(message.buf, bus.read(message.addr, message.len), message.len)
    else:
        bus.write(message.addr, bytes(message))


def _smbus(file: _OpenFile, call: Any) -> None:  # noqa: ANN401 - a ctypes structure
    """Do the SMBus calls that a display or a bus scan needs, as the kernel does them over I2C."""
    bus, address, data = file.bus, file.address, call.data
    writing = call.read_write == smbus2.I2C_SMBUS_WRITE
    if call.size == smbus2.I2C_SMBUS_QUICK:
        bus.write(address, b"")
    elif call.size == smbus2.I2C_SMBUS_BYTE and writing:
        bus.write(address, bytes([call.command]))
    elif call.size == smbus2.I2C_SMBUS_BYTE:
        data.contents.byte = bus.read(address, 1)[0]
    elif call.size == smbus2.I2C_SMBUS_BYTE_DATA and writing:
        bus.write(address, bytes([call.command, data.contents.byte]))
    elif call.size == smbus2.I2C_SMBUS_I2C_BLOCK_DATA and writing:
        length = data.contents.block[0]
        bus.write(address, bytes([call.command, *data.contents.block[1 : length + 1]]))
    else:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


_kernel = _Kernel()
