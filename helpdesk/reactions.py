"""What follows from what: event on a case or a mail → reactions, in order, in the event's own transaction."""

from collections.abc import Callable
from typing import Any

from helpdesk.cases import delivery
from helpdesk.customers import timeline
from helpdesk.live import stream as live
from helpdesk.mail_out import link_letter
from helpdesk.search import index as search

Reactions = dict[str, list[Callable[[Any], None]]]

REACTIONS: Reactions = {
    "opened": [timeline.add, search.index, live.tell],
    "wrote": [timeline.add, search.index, live.tell],
    "automatic": [search.index, live.tell],
    "answered": [timeline.add, search.index, live.tell],
    "noted": [search.index, live.tell],
    "claimed": [live.tell],
    "released": [live.tell],
    "assigned": [live.tell],
    "closed": [timeline.add, live.tell],
    "reopened": [timeline.add, live.tell],
    "merged": [timeline.add, search.index, live.tell],
    "unmerged": [timeline.add, search.index, live.tell],
    "separate": [live.tell],
    "sent": [live.tell],
    "delayed": [live.tell],
    "failed": [live.tell],
    "discarded": [live.tell],
    "mail_sent": [delivery.note_sent],
    "mail_delayed": [delivery.note_delayed],
    "mail_failed": [delivery.note_failed],
    "mail_discarded": [delivery.note_discarded],
    "link_made": [link_letter.send],
}
