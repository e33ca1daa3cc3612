"""What people in the trade call the things and actions of Drift: a small map from their words to one word each.

Training phrases cannot hold every word for "delete" beside every object. With the canonical word beside the original
the classifier learns "delete + tag" once, and "nuke the label" is it too.
"""

import re

_SAID = {
    "contact": """lead leads prospect prospects visitor visitors person people customer customers contacts buyer buyers
        shopper shoppers client clients somebody someone individual lady guy persons signup subscriber guest guests
        consumer enquirer inquirer purchaser stakeholder stakeholders champion persona registrant newcomer enquirers
        folks folk""",
    "conversation": """chat chats thread threads ticket tickets conversations dialog dialogs dialogue dialogues convo
        convos discussion case cases talk talks conv exchange inbox backlog queue discussions exchanges chatting
        dispute communication dm dms""",
    "user": """host hosts rep reps agent agents colleague colleagues users teammate teammates coworker coworkers sdr
        sdrs ae aes bdr employee employees staff staffer operator member members manager seller hire joiner newcomer
        intern collaborator collaborators personnel associate associates people's salesperson salespeople salesman
        dealer dealers trainee contractor leaver assistant""",
    "seat": """seats licence license licences licenses login logins provisioning provision provisioned scim okta idp
        identity identities directory access provisioner entra""",
    "account": """company companies firm firms accounts business businesses organization organisation org corp employer
        society societies enterprise enterprises corporation corporations logo logos brand ltd gmbh inc outfit
        vendor""",
    "message": "messages msg msgs reply replies response utterance bubble line lines answer answers",
    "note": """todo notes comment comments remark remarks memo annotation memos sticky annotations annotate annotated
        jot jotted observation whisper internally""",
    "tag": """tags label labels tagged labelled labeled labelling tagging marker badge markers mark flag flags flagged
        sticker stamp keyword""",
    "meeting": """meetings appointment appointments demo demos call calls booking bookings slot invite meetup session
        reunion reunions rendezvous conference videocall sitting kickoff""",
    "team": """unit units teams squad squads pod pods group groups crew department departments equipe equipes division
        divisions crews""",
    "attribute": """attributes field fields property properties columns column characteristic characteristics parameter
        parameters custom value values""",
    "timeline": "activity activities history feed chronology chronicle track story past",
    "event": "events happening happenings news",
    "bot": "driftbot bots chatbot robot assistant automatic",
    "playbook": "playbooks flow flows sequence sequences scenario scenarios",
    "page": "landingpage landingpages pages landing",
    "attachment": """attachments file files document pdf documents screenshot image picture upload photo spreadsheet
        photos pictures images pdfs annex annexed uploaded deck brochure""",
    "transcript": "transcripts log wording verbatim protocol gist summarise summarize summary read spoken",
    "token": "scopes scope permission permissions credential key rights",
    "email": "emails mail mails address addresses mailing mailings inboxes",
    "external": "crm erp salesforce hubspot foreign",
    "privacy": """gdpr ccpa dsar sar dsgvo rtbf subject personal legal erasure forgotten rgpd lgpd oblivion trace
        traces pii dsr article compliance""",
    "participant": "participants attendee attendees invitee guest guests invitees joins join joiner",
    "metric": """metrics kpi kpis statistics stats analytics report reports reporting figures numbers average mean
        median avg aggregate aggregated averages total totals sum duration durations statistic counters gauge
        performance""",
    "open": "pending closed bulk status state unread",
    "delete": """withdraw release revoke unassign unprovision offboard deprovision vanish gone lose losing dropped
        remove removes removed removing deletes deleted deleting nuke nuked kill killed scrap scrapped drop trash
        destroy erase erased purge wipe wiped bin discard eliminate del obliterate zap axe cancel cancelled
        cancellation deletion removal junk toss ditch strip untag unlabel detach rid purged scrub chuck suppress
        suppressed annul annulled eradicate eliminated dispose terminate terminated extinguish expunge dump dumped
        pull vanished disappear disappears revoked liberate quit cut strike""",
    "create": """append attach inserting invent define add adds added adding creates created new make making register
        insert setup build start establish introduce launch open begin kick initiate creation generate enter store
        save saving saved inscribe inscription fabricate inserted instantiate compose spawn prepare log logs record
        records note enrol enroll put include included entry fresh""",
    "update": """reactivate complete shorter transferred rewriting modify modifies modified write writing change
        changes changed changing edit edits edited editing set alter adjust amend correct fix reword rephrase revise
        patch rewrite tweak switch put rename recolor recolour overwrite replace correction move mark flip swap
        updated updating updates refresh rectify rectified actualise actualize rewording reworded modification retitle
        relabel transform substitute displace altered adapt reflect renamed enter""",
    "get": """show shows read view display fetch retrieve pull see check inspect details detail info describe tell give
        grab load look lookup print open examine consult present bring recover obtain resolve visualise visualize know
        say peek""",
    "list": """lists enumerate browse overview which all every directory catalogue roster index page listing
        enumeration totality browsing rows collection""",
    "find": """where whereabouts search searching locate filter seek hunt identify track searches query looking sought
        match dig who whose existence exists exist verify""",
    "send": """write respond tell say post text message reply answer sends sending writing answering replying shoot
        ping communicate inform notify salute confirm explain apologise apologize thank wish greet nudge transmit
        put""",
    "close": """park snoozed pause tick dealt resolve resolved shut finish done settle solved reopen snooze closing
        closure end ends ended terminate terminated finished complete completed solve hold""",
    "assign": """reassign route transfer pass hand handover escalate delegate forward assigned assignee owner handoff
        attribute attributed responsible charge takeover transfers takes""",
    "book": """schedule arrange reserve booked scheduled plan booking reserved reservation rendezvous slot planned""",
    "reschedule": """postpone shift push bump later earlier delay rearrange rebook displace displaced move moved shifts
        postponed forward""",
    "count": "amount breakdown many number quantity size tally counts howmany",
    "download": "save export bytes binary content raw",
    "unsubscribe": """unsubscribed optout opt suppress unsub spamming stop mailings desinscribe alone complained opting
        spam""",
    "offline": """online available availability away unavailable free reachable connected disconnected busy logged
        around""",
    "several": "multiple both couple few these those bulk batch",
    "admin": """role roles administrator deactivate deactivated disable suspend active inactive privileges block
        blocked lock locked suspended reactivate promote promoted demote rights""",
    "json": "structured data machine parse parseable records programmatically objects array",
    "uninstall": "disconnect uninstalling deinstall unhook decommission integration app",
    "trigger": """fire run execute activate kick launch start invoke launches fires kickoff started starting
        activated""",
}
"""The canonical word and the words for it. A word may stand for several."""

CONCEPTS: dict[str, tuple[str, ...]] = {}
for _canonical, _words in _SAID.items():
    for _word in [_canonical, *_words.split()]:
        CONCEPTS[_word] = (*CONCEPTS.get(_word, ()), _canonical)

MEANINGS = frozenset(_SAID)

_TOGETHER = {
    "delete": "get rid of|throw away|throw out|take off|take out|take away|clean up|call off|do away with|wipe out",
    "find": "look for|track down|look up|dig up|hunt down|fish out",
    "assign": "hand over|hand off|pass on|pass to|give to|take over|hand to",
    "update": "fill in|write over",
    "create": "set up|spin up|sign up|put together|reach out",
    "send": "get back to|write back|follow up|let know",
    "reschedule": "push back|put off|bring forward|another time|move to",
    "count": "how many|number of",
    "participant": "loop in|bring along",
    "seat": "identity provider|access to drift",
    "privacy": "right to be forgotten|personal data|data protection|data subject",
    "bot": "drift bot",
    "page": "landing page|landing pages",
    "event": "what happened|going on",
    "user": "team mate|team mates|co worker|new hire",
    "unsubscribe": "opt out|no more mail|stop mailing|opted out",
    "email": "e mail|e mails",
    "external": "external id|our id|own id|customer number|our system",
    "transcript": "word for word|what was said|what did",
}
TOGETHER = {phrase: canonical for canonical, phrases in _TOGETHER.items() for phrase in phrases.split("|")}
TOGETHER_PATTERN = re.compile(r"\b(?:" + "|".join(sorted(TOGETHER, key=lambda each: (-len(each), each))) + r")\b")

_BETWEEN = """
    a an the my our your his her their its this that me us we i you it is are be to of for with on in at by from and
    or please can could would should will do does want wanna need needs just so now then as have has had let lets
    i'd i'm i'll next step thought drift there here was were been am also
"""
FILLERS = frozenset(_BETWEEN.split())
"""Words that stand between a verb and its object without saying which."""
