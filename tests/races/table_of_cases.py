"""The pairs about cases."""

from functools import partial

from helpdesk.accounts.people import deactivate
from helpdesk.cases.claim import assign, claim, claim_next, release
from helpdesk.cases.close import close, reopen
from helpdesk.cases.merge import merge, unmerge
from helpdesk.cases.note import note
from helpdesk.cases.queue_settings import QueueFields, add_queue
from helpdesk.core.db import transaction
from tests.races.arena import Pair, Scene, pair
from tests.races.scenes import (
    a_case,
    agent,
    answers,
    closed,
    closes,
    does,
    get,
    kinds,
    letters_to_send,
    merged,
    messages,
    numbers,
    outcome,
    owned,
    owner_and_status,
    reads,
    reply_to,
    status,
    three_cases,
    two_cases,
)

noted = partial(note, text="He called.")


def alone_in_its_queue(people: dict[str, int]) -> Scene:
    """A case that is the only one of its queue."""
    scene, n = a_case(people), next(numbers)
    queue = add_queue(QueueFields(f"Queue {n}", f"queue{n}@desk.example"), by=None)
    with transaction():
        get(scene, "case").queue_id = queue.id
    return scene


def takes_the_next(by: str):
    """Claim next, in the scene's queue."""

    def load(scene: Scene):
        who, queue = agent(scene, by), get(scene, "case").queue
        return lambda: claim_next(who, queue)

    return load


def hands_over(by: str, to: str):
    """Hand the case to somebody."""

    def load(scene: Scene):
        case, who, whom = get(scene, "case"), agent(scene, by), agent(scene, to)
        return lambda: assign(case, whom, by=who)

    return load


def is_deactivated(name: str):
    """An admin shuts this colleague out."""

    def load(scene: Scene):
        who, boss = agent(scene, name), agent(scene, "boss")
        return lambda: deactivate(who, by=boss)

    return load


def once_claimed(scene: Scene):
    """Whose it is, and that the journal says so once."""
    return (owner_and_status(scene)[0], kinds(scene).count("claimed"))


def answered_and_sent(scene: Scene):
    """The state, and how many letters leave."""
    return (get(scene, "case").status, letters_to_send(scene))


def read_and_there(name: str):
    """The reply's outcome, where it stands, and that case's state."""

    def look(scene: Scene):
        return (outcome(scene), messages(scene, name), get(scene, name).status)

    return look


def ends_together(*names: str):
    """How many messages each of the cases has, and which of them are merged."""
    return lambda scene: tuple((messages(scene, name), get(scene, name).merged_into_id is not None) for name in names)


CASES: list[Pair] = [
    pair(
        *("claim / claim", a_case, does(claim, "ada"), does(claim, "kim"), once_claimed),
        ("done", "already_claimed", ("Ada", 1)),
        ("already_claimed", "done", ("Kim", 1)),
    ),
    pair(
        *("claim / claim next", alone_in_its_queue, does(claim, "ada"), takes_the_next("kim"), once_claimed),
        ("done", "nothing_to_claim", ("Ada", 1)),
        ("already_claimed", "done", ("Kim", 1)),
    ),
    pair(
        *("claim next / claim next", alone_in_its_queue, takes_the_next("ada"), takes_the_next("kim"), once_claimed),
        ("done", "nothing_to_claim", ("Ada", 1)),
        ("nothing_to_claim", "done", ("Kim", 1)),
    ),
    pair(
        *("claim / close", a_case, does(claim, "ada"), closes("kim"), owner_and_status),
        ("done", "done", ("Ada", "closed")),
        ("not_open", "done", ("nobody", "closed")),
    ),
    pair(
        *("claim / release by its owner", owned, does(claim, "kim"), does(release, "ada"), owner_and_status),
        ("done", "done", ("Kim", "open")),
        ("already_claimed", "done", ("nobody", "open")),
    ),
    pair(
        *("claim / hand over", a_case, does(claim, "kim"), hands_over("boss", "ada"), owner_and_status),
        ("done", "done", ("Ada", "open")),
        ("already_claimed", "done", ("Ada", "open")),
    ),
    pair(
        *("claim / its agent is deactivated", a_case, does(claim, "kim"), is_deactivated("kim"), once_claimed),
        ("done", "done", ("Kim", 1)),
        ("not_allowed", "done", ("nobody", 0)),
    ),
    pair(
        *("claim / merge of that case", two_cases, does(claim, "ada"), does(merge, "kim", "case", "other"), status()),
        ("done", "done", "closed"),
        ("moved", "done", "closed"),
    ),
    pair(
        *("release / answer", owned, does(release, "ada"), answers("kim"), owner_and_status),
        ("done", "done", ("nobody", "waiting")),
        ("done", "done", ("Kim", "waiting")),
    ),
    pair(
        *("answer / answer", a_case, answers("ada"), answers("kim"), letters_to_send),
        ("done", "stale_answer", 1),
        ("stale_answer", "done", 1),
    ),
    pair(
        *("one's own answer, sent twice", a_case, answers("ada", "Blue."), answers("ada", "Blue."), answered_and_sent),
        ("done", "done", ("waiting", 1)),
    ),
    pair(
        *("answer / close", a_case, answers("ada"), closes("kim"), answered_and_sent),
        ("done", "done", ("closed", 1)),
        ("done", "done", ("waiting", 1)),
    ),
    pair(
        *("answer and close / answer", a_case, answers("ada", then_close=True), answers("kim"), answered_and_sent),
        ("done", "stale_answer", ("closed", 1)),
        ("stale_answer", "done", ("waiting", 1)),
    ),
    pair(
        *("answer / customer's reply", reply_to(a_case), answers("ada"), reads(), answered_and_sent),
        ("done", "done", ("open", 1)),
        ("stale_answer", "done", ("open", 0)),
    ),
    pair(
        *("answer / a colleague's note", a_case, answers("ada"), does(noted, "kim"), letters_to_send),
        ("done", "done", 1),
        ("stale_answer", "done", 0),
    ),
    pair(
        *("close / close", a_case, closes("ada"), closes("kim"), status()),
        ("done", "already_done", "closed"),
        ("already_done", "done", "closed"),
    ),
    pair(
        *("close / customer's reply", reply_to(a_case), closes("ada"), reads(), read_and_there("case")),
        ("done", "done", ("appended", 2, "open")),
        ("not_read", "done", ("appended", 2, "open")),
    ),
    pair(
        *("close / note", a_case, closes("ada"), does(noted, "kim"), status()),
        ("done", "done", "closed"),
    ),
    pair(
        *("reopen / close", closed, does(reopen, "ada"), does(close, "kim"), status()),
        ("done", "done", "closed"),
        ("done", "already_done", "open"),
    ),
    pair(
        *("reopen / reopen", closed, does(reopen, "ada"), does(reopen, "kim"), status()),
        ("done", "already_done", "open"),
        ("already_done", "done", "open"),
    ),
    pair(
        *("reopen / customer's reply", reply_to(closed), does(reopen, "ada"), reads(), read_and_there("case")),
        ("done", "done", ("appended", 2, "open")),
        ("already_done", "done", ("appended", 2, "open")),
    ),
    pair(
        *("merge / customer's reply", reply_to(two_cases), does(merge, "ada", "case", "other"), reads()),
        *(read_and_there("other"), ("done", "done", ("appended", 3, "open"))),
    ),
    pair(
        *(
            "merge / the same merge",
            two_cases,
            does(merge, "ada", "case", "other"),
            does(merge, "kim", "case", "other"),
        ),
        *(ends_together("case", "other"), ("done", "cannot_merge", ((0, True), (2, False)))),
        ("cannot_merge", "done", ((0, True), (2, False))),
    ),
    pair(
        *("merge / merge the other way", two_cases, does(merge, "ada", "case", "other")),
        *(does(merge, "kim", "other", "case"), ends_together("case", "other")),
        ("done", "cannot_merge", ((0, True), (2, False))),
        ("cannot_merge", "done", ((2, False), (0, True))),
    ),
    pair(
        *("merge / merge in a chain", three_cases, does(merge, "ada", "case", "other")),
        *(does(merge, "kim", "other", "third"), ends_together("case", "other", "third")),
        ("done", "done", ((0, True), (0, True), (3, False))),
    ),
    pair(
        *("merge in a ring", three_cases, does(merge, "ada", "third", "case"), does(merge, "kim", "case", "other")),
        *(ends_together("case", "other", "third"), ("done", "done", ((0, True), (3, False), (0, True)))),
    ),
    pair(
        *("merge / answer on what is merged", two_cases, does(merge, "ada", "case", "other"), answers("kim")),
        *(ends_together("case", "other"), ("done", "done", ((0, True), (3, False)))),
        ("done", "moved", ((0, True), (2, False))),
    ),
    pair(
        *("merge / answer on the other", two_cases, does(merge, "ada", "case", "other"), answers("kim", on="other")),
        *(ends_together("case", "other"), ("done", "done", ((0, True), (3, False)))),
        ("done", "stale_answer", ((0, True), (2, False))),
    ),
    pair(
        *("merge / close of the other", two_cases, does(merge, "ada", "case", "other"), closes("kim", "other")),
        *(status("other"), ("done", "done", "open"), ("done", "not_read", "open")),
    ),
    pair(
        *("unmerge / merge of the other", merged, does(unmerge, "ada"), does(merge, "kim", "other", "third")),
        *(ends_together("case", "other", "third"), ("done", "done", ((1, False), (0, True), (2, False)))),
    ),
    pair(
        *("unmerge / unmerge", merged, does(unmerge, "ada"), does(unmerge, "kim"), ends_together("case", "other")),
        ("done", "already_done", ((1, False), (1, False))),
        ("already_done", "done", ((1, False), (1, False))),
    ),
    pair(
        *("unmerge / customer's reply", reply_to(merged), does(unmerge, "ada"), reads()),
        *(ends_together("case", "other"), ("done", "done", ((1, False), (2, False)))),
        ("done", "done", ((2, False), (1, False))),
    ),
]
