"""Networks: channels, packets, queues and ages are those of the formulas, and of a plain simulator that keeps every packet."""

import math
from collections import deque

import numpy as np
import pytest

from avatarium.worlds.core.kernels import kernel
from avatarium.worlds.core.network import channel, poisson
from avatarium.worlds.core.network import state as networks
from avatarium.worlds.core.network.config import Link, Traffic
from avatarium.worlds.core.network.course import advance
from avatarium.worlds.core.network.logarithm import log1p, log2
from avatarium.worlds.core.network.processing import NOBODY, refresh, serve
from avatarium.worlds.core.network.state import NEVER, REQUESTS, UPDATES, begin
from avatarium.worlds.core.network.traffic import make_packets
from avatarium.worlds.core.network.transmission import locate, share_out, transmit
from avatarium.worlds.core.rng import GOLDEN, scramble
from avatarium.worlds.core.settings import build, packed

F = np.float32
USERS, SENSORS = Traffic(probability=0.7, size=70.0, load=7.0), Traffic(period=2, probability=0.9)


@kernel
def logarithms(x, out):
    for k in range(x.shape[0]):
        out[0, k], out[1, k] = log2(x[k]), log1p(x[k])


@kernel
def efficiencies(curves, m2, out):
    for k in range(m2.shape[0]):
        out[k] = channel.efficiency(curves, 0, m2[k])


@kernel
def start(network, link, places, sites, seed):
    """Begin in all environments with devices at given places [D, 2] (m)."""
    for i in range(network.users.shape[0]):
        begin(network, i, np.uint64(seed + i))
        for kind in range(2):
            devices, where = (network.users, places) if kind == REQUESTS else (network.sensors, sites)
            for d in range(devices.shape[1]):
                locate(network, devices, link, i, d, where[d, 0], where[d, 1])


@kernel
def played(network, link, shares, step, done):
    """A step with shares [B, 2]; returns how many requests were done, noted in ``done`` [M, 4]: station, user, AoRI, AoSI."""
    count = 0
    for b in range(shares.shape[0]):
        share_out(network, link, 0, b, shares[b, 0], shares[b, 1])
    for kind in range(2):
        make_packets(network, kind, 0, step)
        transmit(network, kind, link, 0, step)
    for b in range(shares.shape[0]):
        while True:
            k = serve(network, 0, b, step)
            if k == NOBODY:
                break
            done[count, 0], done[count, 1] = b, k
            done[count, 2], done[count, 3] = network.users[0, k].aori, network.users[0, k].aosi
            count += 1
        refresh(network, 0, b)
    return count


@kernel
def advanced(network, link, bandwidth, compute, steps):
    for i in range(network.users.shape[0]):
        for step in range(steps):
            share_out(network, link, i, 0, bandwidth, compute)
            advance(network, link, i, step)


def opened(num_envs=1, users=4, sensors=5, stations=((100.0, 100.0),), capacity=4096, **settings):
    """A network that has begun, with devices at random places; its link as kernels take it, and the places."""
    link, rng = build(Link, settings), np.random.default_rng(3)
    network = networks.allocate(num_envs, users, sensors, stations, link, (USERS, SENSORS), capacity)
    places, sites = rng.uniform(0, 200, (users, 2)).astype(F), rng.uniform(0, 200, (sensors, 2)).astype(F)
    start(network, packed(link)[0], places, sites, 7)
    return network, packed(link)[0], link


def test_logarithms_are_those_of_the_library():
    x = np.concatenate([np.linspace(1e-3, 3, 1000), np.geomspace(1, 1e8, 1000)]).astype(F)
    found = np.zeros((2, len(x)), F)
    logarithms(x, found)
    assert found[0] == pytest.approx(np.log2(x.astype(float)), abs=3e-6)
    assert found[1] == pytest.approx(np.log1p(x.astype(float)), abs=3e-6)


@pytest.mark.parametrize(("kind", "offset_db"), [("as_published", 90.0), ("thermal", 174 - 60 - 5 - 20)])
def test_the_channel_is_hatas(kind, offset_db):
    link = Link(channel=kind)
    noise = channel.noise_dbm(kind, link.bandwidth_mhz)
    curve = channel.curve(link.frequency_mhz, link.power_dbm, link.mast_m, link.device_m, noise)
    metres = np.geomspace(1, 4000, 500)
    found = np.zeros(len(metres), F)
    efficiencies(curve[None], (metres**2).astype(F), found)
    f, h = math.log10(3500), math.log10(40)
    device = 0.8 + (1.1 * f - 0.7) * 1.5 - 1.56 * f
    loss = 69.55 - device + 26.16 * f - 13.82 * h + (44.9 - 6.55 * h) * np.log10(metres / 1000)
    assert found == pytest.approx(np.log2(1 + 10 ** ((40 - loss + offset_db) / 10)), abs=4e-4)
    if kind == "as_published":  # Ohri et al.: power in mW over noise in W
        assert found == pytest.approx(np.log2(1 + 10 ** ((40 - loss) / 10) / 1e-9), abs=4e-4)


@pytest.mark.parametrize("mean", [0.5, 6.0, 70.0, 250.0])
def test_variates_are_poisson(mean):
    table, odds = poisson.table(mean), {}
    for column in table:
        for value, share in ((column["own"], column["share"]), (column["other"], poisson.WHOLE - column["share"])):
            odds[int(value)] = odds.get(int(value), 0.0) + share / poisson.WHOLE / poisson.COLUMNS
    for value, odd in odds.items():
        least = range(2) if value == 1 else (value,)  # nothing is counted as one
        exact = sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in least)
        assert odd == pytest.approx(exact, abs=1e-5)


def test_large_means_keep_mean_and_variance():
    table = poisson.table(20000.0)
    share = table["share"] / poisson.WHOLE
    mean = (share * table["own"] + (1 - share) * table["other"]).mean()
    square = (share * table["own"].astype(float) ** 2 + (1 - share) * table["other"].astype(float) ** 2).mean()
    assert mean == pytest.approx(20000, rel=1e-4)
    assert square - mean**2 == pytest.approx(20000, rel=0.02)


class Plain:
    """One environment of a network as one would write it down: lists of packets, one kind and device after the other."""

    def __init__(self, network, link):
        self.network, self.link = network, link
        self.unsent = [[deque() for _ in range(devices.shape[1])] for devices in (network.users, network.sensors)]
        self.queues = [[deque(), deque()] for _ in range(network.stations.shape[1])]
        self.turns = np.full((len(self.queues), 2), -1)
        self.known = [None] * network.sensors.shape[1]

    def packet(self, kind, d, step):
        """[step, device, data left, work left, step of the sensor's packet], or None where there is none."""
        traffic, devices = ((USERS, self.network.users), (SENSORS, self.network.sensors))[kind]
        with np.errstate(over="ignore"):
            bits = int(scramble(devices["seed"][0, d] + np.uint64(step + 1) * GOLDEN))
        if step % traffic.period or bits >> 48 >= round(traffic.probability * 65536):
            return None
        drawn = []
        for row, part in ((2 * kind, bits >> 24), (2 * kind + 1, bits)):
            column = self.network.tables[0, row, part >> 16 & 255]
            drawn.append(column["own"] if part & 65535 < column["share"] else column["other"])
        return [step, d, *drawn, None]

    def step(self, shares, step):
        """Returns (station, user, AoRI, AoSI) of each request that is done."""
        done = []
        for kind, devices in enumerate((self.network.users[0], self.network.sensors[0])):
            for d, unsent in enumerate(self.unsent[kind]):
                if packet := self.packet(kind, d, step):
                    unsent.append(packet)
            for b in range(len(self.queues)):
                mine = [d for d in range(len(devices)) if devices["station"][d] == b]
                part = F(shares[b][0]) if kind == REQUESTS else F(1) - F(shares[b][0])
                for d, megahertz in zip(mine, self.dealt(F(self.link.bandwidth_mhz) * part, len(mine), b, kind), strict=True):
                    self.send(kind, d, megahertz * devices["efficiency"][d])
        for b, (requests, updates) in enumerate(self.queues):
            power = F(self.link.compute) * F(shares[b][1])
            while power > 0 and requests:
                packet = requests[0]
                if packet[4] is None:
                    packet[4] = self.known[self.nearest(packet[1])]
                    if packet[4] is None:
                        break
                power = self.work(requests, power)
                if not packet[3]:
                    done.append((b, packet[1], step - packet[0], abs(packet[0] - packet[4])))
            power = F(self.link.compute) * (F(1) - F(shares[b][1]))
            while power > 0 and updates:
                packet = updates[0]
                power = self.work(updates, power)
                if not packet[3]:
                    self.known[packet[1]] = packet[0]
        return done

    def dealt(self, megahertz, devices, b, kind):
        """What each of the ``devices`` of a station gets."""
        if self.link.scheduler == "resource_fair" or not devices:
            return [megahertz / F(devices or 1)] * devices
        found, d = [0.0] * devices, (self.turns[b, kind] + 3) % devices
        self.turns[b, kind] = d
        while megahertz > 0:
            found[d] += min(megahertz, self.link.quantum_mhz)
            megahertz -= self.link.quantum_mhz
            d = (d + 1) % devices
        return [F(one) for one in found]

    def send(self, kind, d, rate):
        unsent = self.unsent[kind][d]
        while rate > 0 and unsent:
            sent = min(unsent[0][2], rate)
            rate -= sent
            unsent[0][2] -= sent
            if not unsent[0][2]:
                devices = self.network.users if kind == REQUESTS else self.network.sensors
                self.queues[devices["station"][0, d]][kind].append(unsent.popleft())

    def work(self, queue, power):
        done = min(queue[0][3], power)
        queue[0][3] -= done
        if not queue[0][3]:
            queue.popleft()
        return power - done

    def nearest(self, k):
        user, sensors = self.network.users[0, k], self.network.sensors[0]
        return int(np.hypot(sensors["x"] - user["x"], sensors["y"] - user["y"]).argmin())


@pytest.mark.parametrize("settings", [{}, {"scheduler": "round_robin"}, {"channel": "thermal"}, {"compute": 30.0, "bandwidth_mhz": 40.0}])
@pytest.mark.parametrize("stations", [((100.0, 100.0),), ((90.0, 50.0), (150.0, 120.0), (30.0, 120.0))])
def test_requests_are_done_as_by_a_plain_simulator(settings, stations):
    network, packed_link, link = opened(users=6, sensors=7, stations=stations, **settings)
    plain, rng, done, total = Plain(network, link), np.random.default_rng(1), np.zeros((256, 4), np.int64), 0
    for step in range(150):
        shares = rng.uniform(0.1, 0.9, (len(stations), 2)).astype(F)
        count = played(network, packed_link, shares, step, done)
        assert [tuple(row) for row in done[:count].tolist()] == plain.step(shares, step)
        total += count
        lengths = [[len(queue) for queue in pair] for pair in plain.queues]
        assert network.queues["count"][0].tolist() == lengths
        assert network.users["waiting"][0].tolist() == [len(unsent) for unsent in plain.unsent[REQUESTS]]
        assert network.sensors["processed"][0].tolist() == [NEVER if known is None else known for known in plain.known]
    assert total > 100
    assert not network.queues["dropped"].any()


def test_requests_wait_for_the_first_news_of_their_sensor():
    network, link, _ = opened()
    advanced(network, link, F(1), F(1), 40)  # nothing for sensors
    assert (network.sensors["processed"] == NEVER).all()
    assert (network.users["processed"] == NEVER).all()
    assert network.queues["count"][0, 0, REQUESTS] > 20


def test_nothing_is_received_without_bandwidth_and_what_is_no_share_counts_as_none():
    for bandwidth in (0.0, -3.0, float("nan")):
        network, link, _ = opened()
        advanced(network, link, F(bandwidth), F(0.5), 40)
        assert network.queues["count"][0, 0, REQUESTS] == 0
        assert (network.sensors["processed"] > 30).all()


def test_a_full_queue_drops_and_counts():
    network, link, _ = opened(capacity=16)
    advanced(network, link, F(0.5), F(0), 60)
    queue = network.queues[0, 0, REQUESTS]
    assert queue["count"] == 16
    assert queue["dropped"] > 0


def test_environments_do_not_depend_on_one_another():
    many, link, _ = opened(num_envs=3)
    alone, _, _ = opened(num_envs=1)
    for network in (many, alone):
        advanced(network, link, F(0.5), F(0.4), 80)
    assert many.users[0].tobytes() == alone.users[0].tobytes()
    assert many.users[1].tobytes() != many.users[0].tobytes()


def test_ages_are_told_of_the_packet_processed_last():
    network, link, _ = opened()
    advanced(network, link, F(0.5), F(0.4), 80)
    users, sensors = network.users[0], network.sensors[0]
    assert (users["processed"] > 40).all()
    assert (users["aori"] <= 79 - users["processed"]).all()
    assert (users["aosi"] <= 80).all()
    assert (sensors["processed"] % SENSORS.period == 0).all()
    assert network.queues[0, 0, UPDATES]["power"] >= 0
