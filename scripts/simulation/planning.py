"""A plan for each seed: which services, jobs, users, and what goes wrong. Standard library only.

Whatever costs points is drawn more often than the rest: most of what can go wrong there needs two things at once.
"""

from __future__ import annotations

import random
from typing import Any

from .plan import Act, Death, Event, Fault, Job, Plan

TEXT = {"prompt": "a bird"}
#: What is asked for, by service and generation, with how often.
WAYS: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {
    ("neural4d", "today"): [
        (8, TEXT),
        (3, {**TEXT, "variants": 2}),
        (2, {**TEXT, "variants": 4, "place_all": True}),
        (4, {"prompt": "", "images": ["file"]}),
        (4, {**TEXT, "picture_first": True}),
        (2, {**TEXT, "picture_first": True, "pictures": 3, "choose_cutout": True}),
        (3, {**TEXT, "format": "OBJ", "size_mm": 120.0}),
        (2, {**TEXT, "keep_in": "folder"}),
        (2, {"prompt": "", "images": ["file", "file"], "options": {"style": "Pixel-Style", "portrait_check": "off"}}),
    ],
    ("neural4d", "2024"): [
        (6, TEXT),
        (3, {**TEXT, "variants": 4}),
        (4, {"prompt": "", "images": ["file"]}),
        (2, {"prompt": "", "images": ["file"], "choose_cutout": True}),
        (2, {**TEXT, "format": "STL", "size_mm": 80.0}),
    ],
    ("csm", "today"): [
        (4, TEXT),
        (4, {"prompt": "", "images": ["url"]}),
        (2, {**TEXT, "choose_cutout": True}),
        (1, {"prompt": "", "images": ["url"], "options": {"kit": True}}),
    ],
    ("csm", "2024"): [
        (4, {"prompt": "", "images": ["url"]}),
        (2, {"prompt": "", "images": ["url"], "choose_cutout": True}),
    ],
    ("goneural", "today"): [(4, TEXT), (3, {"prompt": "", "images": ["file"]})],
    ("goneural", "2024"): [(4, {"prompt": "", "images": ["file"]})],
    ("modelslab", "today"): [(4, TEXT), (3, {"prompt": "", "images": ["url"]})],
    ("modelslab", "2024"): [(4, {"prompt": "", "images": ["url"]})],
}
SERVICES = ("neural4d", "csm", "goneural", "modelslab")
#: The last ones are what a service says that may have acted.
STATUSES = (400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504, 503, 503, 429, 500, 409)
#: Of paid requests, with how often.
PAID = [
    (6, "reset_after"), (4, "hang_after"), (4, "reset_before"), (2, "hang_before"), (3, "refused"), (2, "unconnected"),
    (6, "status_after"), (4, "status_before"), (3, "late"), (2, "cut"), (2, "reset"), (2, "drip"), (2, "gzip"),
    (2, "text_numbers"), (2, "emoji"), (2, "null_ids"), (2, "not_json"), (2, "empty"), (2, "nothing"), (1, "nested"),
    (2, "arrives_late"), (2, "generation_failed"), (1, "missing_field"), (1, "unknown_code"), (3, "acts_later"),
]  # fmt: skip
ASKED = [
    (4, "reset_after"), (2, "hang_after"), (2, "refused"), (4, "status_before"), (2, "cut"), (2, "drip"), (2, "gzip"),
    (2, "text_numbers"), (3, "emoji"), (2, "not_json"), (2, "empty"), (1, "nested"), (2, "generation_failed"),
    (2, "progress_stall"), (2, "progress_garbage"), (2, "progress_backwards"), (2, "missing_field"),
    (2, "unknown_code"), (2, "expired_url"), (1, "conversion_failed"),
]  # fmt: skip
FILES = [
    (4, "cut"), (4, "reset"), (3, "drip"), (3, "expired_url"), (2, "html_instead"), (2, "broken_glb"), (2, "gzip"),
    (2, "refused"), (2, "hang_before"), (3, "status_before"), (1, "no_length"),
]  # fmt: skip
BLENDERS = ["crash", "hang", "broken", "absent"]
#: The number of the first job that is brought in.
BROUGHT = 500
#: What becomes of a journal: it is removed, a copy from before all jobs takes its place, a piece of it is overwritten.
HARMED = ["gone", "older", "zeros"]
EVENTS = [(3, "outage"), (2, "full"), (2, "clock"), (2, "sleep"), (1, "death"), (2, "quit"), (1, "others")]
WHEN = ["", "", "queued", "submitting", "unknown", "generating", "generating", "downloading", "preparing_model"]


def plan_of(seed: int) -> Plan:
    """The plan of that seed."""
    return _Planner(seed).plan()


class _Planner:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(f"{seed} plan")

    def plan(self) -> Plan:
        chance = self.chance
        services = [self.pick([(5, "neural4d"), (2, "csm"), (2, "goneural"), (1, "modelslab")])]
        if chance.random() < 0.2:
            services.append(chance.choice(SERVICES))
        generations = {name: self.pick([(4, "today"), (1, "2024")]) for name in SERVICES}
        plan = Plan(self.seed, self._settings(generations), hosts=self.pick([(6, 1), (1, 2)]))
        self._jobs(plan, services, generations)
        if chance.random() < 0.03:  # one alone, of which the balance tells what a gateway has done with it
            del plan.jobs[1:]
            plan.faults.append(Fault("paid", 0, "acts_later"))
        plan.lasts = 120.0 + chance.random() * 900
        paid = max(2, 2 * len(plan.jobs))
        for _ in range(self.pick([(2, 0), (4, 1), (3, 2), (2, 3), (1, 6)])):
            plan.faults.append(self._fault(paid))
        for _ in range(self.pick([(4, 0), (3, 1), (2, 2), (1, 4)])):
            plan.deaths.append(self._death(paid))
        for _ in range(self.pick([(4, 0), (3, 1), (2, 2), (1, 3)])):
            plan.events.append(self._event(plan, services))
        for _ in range(self.pick([(2, 0), (3, 1), (3, 2), (2, 4)])):
            plan.acts.append(self._act(plan))
        for job in plan.jobs:
            if chance.random() < 0.6:
                plan.acts.append(Act(job.number, "failed", 1.0 + chance.random() * 100, "retry"))
        if chance.random() < 0.2:
            plan.blenders = {number: chance.choice(BLENDERS) for number in range(1, 4)}
        if chance.random() < 0.05:
            plan.journal = chance.randrange(4)
        self._harm_journal(plan)
        self._bring_in(plan)
        self._allowances(plan)
        return plan

    def _allowances(self, plan: Plan) -> None:
        """A studio's policy, allowances, agents with quotes, users who are asked; prices are documented."""
        chance = random.Random(f"{self.seed} allowances")
        if {job.provider for job in plan.jobs} != {"neural4d"} or chance.random() < 0.6:
            return
        _limit(plan, chance)
        agents = chance.random() < 0.7
        for job in plan.jobs:
            if chance.random() < 0.3:
                job.request["project"] = "birds"
            if chance.random() < 0.8:
                what = chance.choice(["approve", "approve", "decline", "decline", "decline, then allow more"])
                seconds = chance.choice([0.1, 2.0, 30.0, 200.0, 590.0])
                plan.answers[job.number] = (what, round(seconds * (0.5 + chance.random()), 2), chance.randrange(4))
            if agents and job.batch is None and chance.random() < 0.6:
                job.request["agent"] = "robot"
                job.quote = chance.choice(["good", "good", "good", "good", "none", "late", "other"])
        _coincide(plan, chance)

    def _bring_in(self, plan: Plan) -> None:
        """A model that is there already: another job's, by its id at the service, or a file."""
        chance = random.Random(f"{self.seed} brought in")
        for number in range(chance.choice([0, 0, 0, 1, 2])):
            more = {"number": BROUGHT + number}
            after = chance.choice(["generating", "generating", "ready", "placed", "choosing_cutout", "failed", ""])
            at = round(1.0 + chance.random() * 20, 2)
            job = chance.choice(plan.jobs).number
            plan.acts.append(Act(job, after, at, "bring in" if after else "bring in a file", more))

    def _harm_journal(self, plan: Plan) -> None:
        """Its engine dies, and what the next one finds is no journal, or another one."""
        chance = random.Random(f"{self.seed} journal")
        if chance.random() < 0.03:
            how = {"journal": chance.choice(HARMED)}
            plan.events.append(Event(round(2.0 + 60 * chance.random(), 2), "death", 0.0, how))

    def pick(self, choices: list[tuple[int, Any]]) -> Any:
        """One of them, each as often as its number says."""
        at = self.chance.random() * sum(weight for weight, _ in choices)
        return next(choice for weight, choice in choices if (at := at - weight) < 0)

    def _settings(self, generations: dict[str, str]) -> dict[str, Any]:
        chance = self.chance
        settings: dict[str, Any] = {
            "generations": generations,
            "job_seconds": round(3.0 + 60 * chance.random() ** 2, 1),
            "ids": self.pick([(4, "ignored"), (2, "honoured"), (1, "mixed"), (1, "echoed")]),
            "points_told": self.pick([(3, "told"), (1, "null"), (2, "absent")]),
            "booking_seconds": self.pick([(6, 0.0), (1, 2.0), (1, 20.0), (1, 45.0)]),
            "refund_failed": chance.random() < 0.2,
            "goneural_one_task": chance.random() < 0.3,
            "variant_spread": self.pick([(3, 0.0), (1, 10.0)]),
            "matting": chance.random() < 0.2,
            "csm_generation": self.pick([(3, "spins"), (1, "session")]),
            "csm_legacy": chance.random() < 0.2,
            "csm_price_told": chance.random() < 0.3,
            "modelslab_format": "glb",
            "modelslab_at_once": chance.random() < 0.2,
            "modelslab_http_errors": chance.random() < 0.5,
            "goneural_answer": self.pick([(3, "output"), (1, "urls")]),
        }
        if chance.random() < 0.15:
            settings["calls_per_minute"] = self.pick([(1, 2), (2, 4), (1, 20)])
            settings["limit_counts"] = self.pick([(2, "paid"), (1, "all")])
            settings["limit_answer"] = self.pick([(1, "plain"), (1, "retry_after"), (1, "json")])
        if chance.random() < 0.1:
            settings["balance"] = chance.choice([50, 70, 100, 200])
        return settings

    def _jobs(self, plan: Plan, services: list[str], generations: dict[str, str]) -> None:
        chance = self.chance
        count = self.pick([(2, 1), (3, 3), (3, 4), (2, 6)])
        if chance.random() < 0.25:
            record: dict[str, Any] = {"concurrency": self.pick([(1, 1), (2, 2), (1, 4)])}
            if set(services) == {"neural4d"} and chance.random() < 0.5:
                record["budget"] = chance.choice([30, 60, 90, 120, 200])
            if chance.random() < 0.3:
                record["shard"] = "1/2"
                for _ in range(self.pick([(1, 0), (2, 1), (1, 3)])):  # another computer buys at the same moment
                    points = chance.choice([10.0, 30.0, 60.0])
                    plan.faults.append(Fault("paid", chance.randrange(8), "others", 1, points))
            plan.batches.append({"at": 1.0, "host": 0, "record": record})
            count += 2
            if chance.random() < 0.3:  # stopped while it is being sent, and perhaps the engine's last act
                stopped = round(1.02 + 0.8 * chance.random(), 2)
                plan.acts.append(Act(0, "", stopped, "stop", {"batch": 0}))
                if chance.random() < 0.6:
                    plan.events.append(Event(round(stopped + 0.15 * chance.random(), 2), "death"))
        together = chance.random() < 0.3
        for number in range(count):
            provider = chance.choice(services)
            request = dict(self.pick(WAYS[provider, generations[provider]]))
            if provider == "neural4d" and chance.random() < 0.1:  # the others document no price
                request["max_points"] = chance.choice([20, 30, 60, 100])
            if provider == "neural4d" and chance.random() < 0.1:
                request |= {"group": "team", "group_points": chance.choice([60, 100, 150])}
            at = 1.0 if together else 1.0 + chance.random() * 120
            batch = 0 if plan.batches and number else None
            plan.jobs.append(
                Job(number, provider, round(at, 2), 0 if batch == 0 else chance.randrange(4), request, batch)
            )

    def _fault(self, paid: int) -> Fault:
        chance = self.chance
        where = self.pick([(6, "paid"), (2, "balance"), (3, "ask"), (2, "file")])
        kinds = {"paid": PAID, "balance": ASKED, "ask": ASKED, "file": FILES}[where]
        span = {"paid": paid, "balance": 3 * paid, "ask": 8 * paid, "file": paid}[where]
        fault = Fault(where, chance.randrange(span), self.pick(kinds), self.pick([(6, 1), (2, 2), (1, 5), (1, 40)]))
        if fault.kind.startswith("status"):
            fault.params["status"] = chance.choice(STATUSES)
            if fault.params["status"] in (429, 503) and chance.random() < 0.5:
                fault.params["retry_after"] = chance.choice([1, 10, 90])
        elif fault.kind == "late":
            fault.param = chance.choice([5.0, 25.0, 100.0, 170.0])
        elif fault.kind == "drip":
            fault.param = chance.choice([0.5, 5.0, 20.0, 200.0])
        elif fault.kind == "arrives_late":
            fault.param = chance.choice([1.0, 20.0, 100.0, 185.0])
        elif fault.kind in ("cut", "reset"):
            fault.param = chance.random()
        elif fault.kind == "progress_stall":
            fault.params["value"] = chance.choice([37, 99])
        return fault

    def _death(self, paid: int) -> Death:
        chance = self.chance
        edge = self.pick([
            (2, "request paid"), (4, "acted paid"), (3, "answered paid"), (4, "commit"), (4, "committed"),
            (1, "request"), (1, "answered"), (1, "rename"), (1, "renamed"), (1, "read"),
        ])  # fmt: skip
        spans = {"commit": 25 * paid, "committed": 25 * paid, "request": 10 * paid, "answered": 10 * paid}
        return Death(edge, 1 + chance.randrange(spans.get(edge, paid)))

    def _event(self, plan: Plan, services: list[str]) -> Event:
        chance = self.chance
        at = round(chance.random() * min(plan.lasts, 200.0), 2)
        match self.pick(EVENTS):
            case "outage":
                more = {"service": chance.choice([*services, "*", "file"])}
                more["how"] = chance.choice(["refused", "unconnected", "hang_before"])
                return Event(at, "outage", chance.choice([5.0, 60.0, 600.0, 5000.0]), more)
            case "full":
                return Event(at, "full", chance.choice([1.0, 20.0, 300.0]))
            case "clock":
                return Event(at, "clock", chance.choice([-86400.0, -3600.0, -30.0, 30.0, 3600.0, 86400.0]))
            case "sleep":
                return Event(at, "sleep", chance.choice([60.0, 3600.0, 30000.0]))
            case "others":
                if not plan.batches or not plan.batches[0]["record"].get("shard"):
                    return Event(at, "death")
                return Event(at, "others buy", 0.0, {"points": chance.choice([10, 30, 60]), "service": services[0]})
            case "quit":
                host = chance.randrange(plan.hosts)
                plan.events.append(Event(at + chance.choice([1.0, 30.0, 300.0]), "open", 0.0, {"host": host}))
                return Event(at, chance.choice(["quit", "crash"]), 0.0, {"host": host})
        return Event(at, "death")

    def _act(self, plan: Plan) -> Act:
        chance = self.chance
        job = chance.choice(plan.jobs)
        at = round(chance.choice([0.0, 0.05, 0.2, 1.0, 5.0, 20.0]) * chance.random() * 2, 2)
        after = chance.choice(WHEN)
        if not after:
            at = round(job.at + chance.random() * 60, 2)
        if plan.batches and chance.random() < 0.4:
            do = self.pick([(2, "stop"), (3, "go on")])
            more: dict[str, Any] = {"batch": 0}
            if do == "go on" and "budget" in plan.batches[0]["record"] and chance.random() < 0.5:
                more["changes"] = {"budget": chance.choice([None, 60, 300])}
            return Act(job.number, "", at + 5, do, more)
        do = self.pick([
            (5, "cancel"), (4, "retry"), (2, "choose"), (2, "save"), (2, "prepare"), (1, "lose"), (1, "dismiss"),
            (2, "delete"), (1, "key"), (1, "online"), (1, "balance"), (1, "again"),
        ])  # fmt: skip
        if do in ("retry", "delete", "dismiss"):
            after = chance.choice(["failed", "cancelled", "ready", "placed", "failed", "cancelled"])
        elif do == "again":
            after = chance.choice(["submitting", "generating", "ready"])
        elif do in ("save", "prepare", "lose"):
            after = chance.choice(["ready", "placed", "placed"])
        elif do == "choose":
            after = "choosing_cutout"
        details: dict[str, dict[str, Any]] = {
            "save": {"format": chance.choice(["GLB", "STL"])},
            "prepare": {"variant": chance.randrange(3)},
            "key": {"services": [job.provider], "key": chance.choice(["wrong", ""])},
            "online": {"online": chance.random() < 0.5},
            "balance": {"service": job.provider},
        }
        more = details.get(do, {})
        if do in ("key", "online"):  # which is noticed, and put right
            right: dict[str, Any] = {
                "key": {**more, "key": f"simulator-{job.provider}-key"},
                "online": {"online": True},
            }[do]
            if do == "key" and job.provider == "neural4d":
                right["key"] = "simulator-token"
            plan.acts.append(Act(job.number, after, at + 30.0, do, right))
        return Act(job.number, after, at, do, more)


def _limit(plan: Plan, chance: random.Random) -> None:
    """Allowances of a policy, of the environment and of the user's for agents."""

    def limits() -> dict[str, int]:
        return {chance.choice(["job", "day", "day", "month", "month"]): chance.choice([30, 60, 60, 90, 120, 200])}

    points: dict[str, Any] = {}
    for whose in chance.sample(["", "project", "agent", "service"], chance.choice([0, 1, 1, 2])):
        name = {"project": "birds", "agent": "robot", "service": "neural4d"}.get(whose)
        points |= {whose: {name: limits()}} if whose else limits()
    plan.policy = {"points": points} if points else {}
    if chance.random() < 0.2:
        plan.policy["agents"] = {"approve_above": chance.choice([30, 60])}
    if chance.random() < 0.2:
        plan.environment = limits()
    if chance.random() < 0.7:
        plan.of_agents = {chance.choice(["day", "day", "month"]): chance.choice([0, 60, 120, 300])}


def _coincide(plan: Plan, chance: random.Random) -> None:
    """What goes wrong about allowances and quotes goes wrong where two things happen at once."""
    if chance.random() < 0.15:
        plan.events.append(Event(round(20.0 + 100 * chance.random(), 2), "clock", -86400.0))
    if chance.random() < 0.3 and len(plan.jobs) > 1:  # two engines want the last points at the same moment
        plan.hosts = 2
        for host, job in enumerate(plan.jobs[-2:] if not plan.batches else []):
            job.host, job.at = host, plan.jobs[-1].at
    # Pictures are known by what is in them, so that a quote for one is one for the other.
    sold = [job for job in plan.jobs if job.quote]
    if len(sold) > 1 and chance.random() < 0.4:
        first, second = sold[:2]
        first.quote, second.quote = "good", f"of {first.number}"
        first.request = {"prompt": "", "images": ["file"], "agent": "robot"}
        second.request = dict(first.request)
        # After the first one has its quote, and before, at the very moment, or after it is sent with it.
        second.at = round(first.at + 0.5 + first.at % 20.0 * chance.choice([0.5, 1.0, 1.0, 1.5]), 2)
    if plan.hosts == 2 and not plan.batches and chance.random() < 0.5:  # and there are no more than for one
        plan.policy, plan.environment = {"points": {chance.choice(["day", "month"]): 60}}, {}
        for job in plan.jobs[-2:]:
            job.request, job.quote, job.at = dict(TEXT), "", plan.jobs[-1].at
    if sold and chance.random() < 0.25:
        plan.deaths.append(Death("committed quote", 1 + chance.randrange(2)))
