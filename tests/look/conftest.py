"""Cases to look at in a browser (tests/browser.py)."""

from collections.abc import Callable

import pytest

from helpdesk.accounts.models import Agent
from helpdesk.blobs.files import FileRef
from helpdesk.blobs.store import put
from helpdesk.cases.answer import Draft, answer
from helpdesk.cases.append import append
from helpdesk.cases.incoming import Incoming
from helpdesk.cases.models import Case
from helpdesk.cases.note import note
from helpdesk.core.db import transaction
from helpdesk.mail_out.models import OutboundMail
from tests.browser import DESKTOP, PHONE  # noqa: F401
from tests.cases.conftest import case, make_case  # noqa: F401  the same cases as in the room's own tests


@pytest.fixture
def make_full_case(make_case: Callable[..., Case], ada: Agent) -> Callable[[], Case]:  # noqa: F811
    """A case with everything a thread can hold: files, HTML, a note, answers in each state, a machine's mail."""

    def make() -> Case:
        case = make_case(  # noqa: F811
            quoted="-- \nSolveig Dahl\nFjordlys\n\nOn Mon, 3 Nov 2025, Support wrote:\n> Hello",
            html="<p>The <b>printer</b> is on fire.</p>",
            files=(FileRef(put(b"%PDF"), "manual.pdf", "application/pdf", 4),),
        )
        note(case, "She called, too.", by=ada)
        for state in ("sent", "delayed", "failed"):
            said = answer(case, Draft(text=f"An answer that is {state}.", seen=10**9), by=ada)
            with transaction() as session:
                mail = session.get_one(OutboundMail, said.outbound_id)
                mail.state = state
                mail.trouble = {} if state == "sent" else {"code": "refused", "server": "mx.example", "said": "550 no"}
        append(case, Incoming("I am away.", "Solveig Dahl", "solveig@fjordlys.example", automatic="auto-replied"))
        append(case, Incoming("Thanks!", "Solveig Dahl", "dahl@gmail.example", warning="Another sender than before."))
        return case

    return make
