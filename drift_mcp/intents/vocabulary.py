"""What people in the trade call things: the words behind each concept. Plain data, read by `reading.py`.

Three kinds of concept: ACTIONS (what to do), OBJECTS (what with) and, in `cues.py`, CUES (what narrows it down);
NOTHING there is what Drift does not serve. A phrase listed under several concepts is ambiguous and counts for
whichever suits an operation; a phrase in TOGETHER carries all of its concepts.

Words are matched by their stem, articles and possessives aside. "…" stands for up to six words ("take … off"), "="
before a word for exactly that form, "<…>" for an address or number.
"""

ACTIONS = {
    "list": (
        "list, enumerate, browse, overview, catalog, catalogue, directory, roster, ls, index, every, rundown, "
        "complete list, full list, which, what … are there, what … do we have, list of, all of, page through, "
        "iterate, what … exist, choose from"
    ),
    "get": (
        "whats, whos, wheres, get, show, read, view, display, fetch, retrieve, open, pull, pull up, bring up, see, "
        "look at, check, inspect, detail, info, information, describe, tell me, what is, who is, give me, load, "
        "grab, access, print, examine, review, look up, lookup, look … up, query, return, know, what does, learn, "
        "verify, find out, present"
    ),
    "find": (
        "find, search, locate, look for, track down, filter, seek, hunt, identify, where is, discover, matching, "
        "look … up, look up, lookup, search for, fish out, dig up, query, narrow"
    ),
    "create": (
        "dump … into, spin up, note down, create, make, add, new, register, set up, define, build, insert, "
        "establish, save, store, enter, introduce, generate, creation, put … in, post, not in drift yet, does not "
        "exist, not exist, missing, brand new, invent"
    ),
    "start": (
        "start, begin, initiate, kick off, launch, open, strike up, reach out, first message, proactively, fresh, "
        "new, greet, never chatted, no conversation, no thread, no chat"
    ),
    "update": (
        "actualize, toggle, amend, update, change, edit, modify, set, alter, adjust, correct, fix, reword, "
        "rephrase, revise, patch, rewrite, tweak, refresh, switch, put, enrich, fill in, complete, write, swap, "
        "save, store, make, move, mark, turn, replace, modification, wrong, add, sync, synchronize, push, set … to, "
        "flip, flag, new value, overwrite, exchange"
    ),
    "delete": (
        "suppress, rip out, trim, delete, remove, drop, destroy, trash, get rid of, discard, purge, throw away, "
        "throw out, bin, clean up, wipe, kill, eliminate, scrap, clear, nuke, deletion, removal, dump, gone, "
        "vanish, disappear, take … out, take … off, take out, junk, retire, del, erase"
    ),
    "send": (
        "send, reply, respond, answer, write, tell, say, message, post, response, write back, get back to, ask, let "
        "… know, inform, text, follow up, drop … a line, write to, confirm to, acknowledge, thank, greet"
    ),
    "close": (
        "close, resolve, shut, wrap up, mark … resolved, mark … closed, mark … done, done, finish, settled, dealt "
        "with, end, conclude, solved, snooze, handled, tick off, archive, completed"
    ),
    "reopen": "reopen, open … again, re open, reactivate",
    "assign": (
        "kick … over, kick … to, toss … to, pass … over, assign, reassign, hand over, hand off, hand … over, hand … "
        "to, route, transfer, pass … to, give … to, escalate, allocate, delegate, assignment, belong to, go to, "
        "owner, take over, takes over, forward, give"
    ),
    "book": "book, schedule, arrange, set up, plan, reserve, put … calendar, get … calendar, agree on, fix",
    "reschedule": (
        "bump, reschedule, postpone, move, shift, push back, push … back, put off, bring forward, later, earlier, "
        "delay, rebook, another time, other time, new time, extend, rearrange"
    ),
    "cancel": (
        "cancel, call off, call … off, cancellation, scrap, cancelled, does not take place, not happening, strike"
    ),
    "invite": "cc, invite, add, bring, include, loop in, loop … in, invitation, put … on, join, attend, guest, extra",
    "label": (
        "tag, label, mark … as, flag … as, put … tag, put … label, stick, attach … tag, attach, add … tag, add … "
        "label, apply, give … label, tagging, labelling, give … tag, stick … label"
    ),
    "untag": (
        "untag, unlabel, take … off, take off, strip, come off, remove … tag, remove … label, remove, drop … tag, "
        "drop … label, delete … tag, delete … label, clear … tag, clear, detach, rid … tag, lose, drop, peel, take "
        "away … tag, take … away"
    ),
    "count": (
        "quantity of, which quantity, how many, number of, count, total, tally, how much, headcount, counter, size "
        "of, quantity, how big"
    ),
    "report": (
        "report, reporting, analytics, analyse, analyze, figure, statistic, measure, kpi, per conversation, "
        "breakdown, how long, how fast, how quick, how slow, performance"
    ),
    "aggregate": (
        "average, mean, avg, aggregate, overall, median, summarise, on average, summary, single figure, one number, "
        "one figure, sum, averaged, across all, one aggregate, =aggregated, roll up, rollup, altogether, totals, "
        "sum up, minimum, maximum"
    ),
    "erase": (
        "erase, erasure, wipe, purge, permanently delete, delete … data, erase … data, wipe … data, delete "
        "everything, erase everything, wipe everything, remove all trace, remove … data, permanent erasure, destroy "
        "… data, purge … data, scrub, every trace, obliterate, forget"
    ),
    "record": "log, record, register, track, post, write down, capture, save, add, put, push, document, enter, note",
    "rename": "rename, new name, different name, other name, called … instead, rename … to, relabel",
    "recolour": "recolor, recolour, color, colour, coloured, red, green, blue, yellow, orange, purple",
    "overwrite": (
        "overwrite, replace, put, full sync, full record, full update, take the place, substitute, whole record, "
        "completely new, entire record, replacement, swap … whole, exchange … whole, whole identity, from scratch"
    ),
    "match": "match, resolve, map, belong to, belongs to, belong, correspond, whose",
    "merge": (
        "upsert, create or update, update or create, make or update, add or update, new or existing, already exist "
        "… update"
    ),
    "trigger": (
        "trigger, start, launch, fire, kick off, run, let … take over, take over, begin, activate, invoke, make … "
        "ask, let … ask, have … ask, qualify, execute, let … start, let … run, jump in, get … going"
    ),
    "download": (
        "download, save … file, save … disk, get … file, content, byte, raw file, open … file, fetch … file, want … "
        "file, actual file, file itself, binary"
    ),
    "provision": (
        "provision, onboard, new hire, newcomer, join, joined, starts on, grant access, give … access, give … seat, "
        "give … licence, give … license, hire, new joiner, create … seat, needs access, need access, new employee, "
        "new colleague, add … colleague, add … teammate, add … agent, add … employee, set up … employee, set up … "
        "colleague, start on, onboarding, provisioning, starting"
    ),
    "deprovision": (
        "deprovision, offboard, offboarding, take … seat, take … licence, take … license, remove … seat, revoke … "
        "seat, free up, remove … access, leaver, left the company, left company, last day, quit, fired, no longer "
        "work, revoke … licence, revoke … access, revoke … license, remove … colleague, remove … teammate, remove … "
        "agent, remove … employee, delete … employee, free … seat, cut … access, deprovisioning, resigned, take … "
        "away, free, no longer with us, departed, leaving"
    ),
    "deactivate": (
        "deactivate, disable, suspend, enable, reactivate, switch off, turn off, switch … off, turn … off, pause, "
        "activate, inactive, lock, block … access, freeze, promote, demote, retire, lock out, re enable"
    ),
    "unsubscribe": (
        "do not mail list, do not email list, unsubscribe, opt out, opt … out, stop sending, stop emailing, stop "
        "mailing, no more emails, no more email, stop … email, stop … mail, not want … email, unsubscription, "
        "suppress, no longer … email, suppression, not … mail, never … mail, never … email, not … email, not "
        "receive, never receive, take <email> off, take … off … email, take … off … mail, no longer receive, no "
        "more mail, mailing list, take … mailing list, off … mailing, do not … email"
    ),
    "uninstall": (
        "rip out, uninstall, disconnect, revoke, unlink, remove … app, remove … integration, cut … connection, "
        "uninstallation, detach, delete … integration, delete … app, delink, cut the cord, end … connection, sever, "
        "pull the plug, unplug, take … app"
    ),
    "export": "export, dump, extract, collect, hand out, gather, compile",
}

OBJECTS = {
    "conversation": (
        "conversation, chat, thread, dialog, dialogue, ticket, discussion, convo, inbox, a talk, the talk, our "
        "talk, case, session, inquiry, enquiry, exchange"
    ),
    "message": (
        "message, msg, chat message, single entry, line, sentence, reply, answer, sent, post, bubble, entry, "
        "wording, posting"
    ),
    "note": (
        "note, jot, comment, memo, remark, internal message, private message, sticky, annotation, internal comment, "
        "private comment, note to self"
    ),
    "transcript": (
        "tl dr, tldr, recap, gist, transcript, what was said, what did … say, what … wrote, protocol, word for "
        "word, verbatim, history, read, catch up on, what … discussed, plain text, what … talked about, minutes, "
        "said, script, conversation log, complete chat, complete conversation, go through, readable, log, what … "
        "said, what … told, what … tell, catch … up, brief me on, read through, complete dialogue, everything … "
        "said, how … conversation went, readable text"
    ),
    "attachment": (
        "attachment, file, pdf, screenshot, image, photo, document, upload, attached, picture … sent, spreadsheet, "
        "zip, uploaded, jpg, png"
    ),
    "contact": (
        "stakeholder, inbound lead, new inbound, decision maker, persona, contact, lead, prospect, visitor, "
        "customer, client, buyer, person, people, guest, end user, somebody, someone, person record, anyone, human, "
        "individual, shopper, subscriber, consumer, contact record, patient, profile, attendee, folk, record, guy, "
        "woman, man"
    ),
    "attribute": (
        "attribute, field, property, column, schema, data model, custom field, custom attribute, contact field, "
        "field name, trait, custom property"
    ),
    "tag": "etiquette, tag, label, marker, flag, keyword, category, category marker",
    "account": (
        "account, company, firm, organization, organisation, org, customer organization, customer organisation, "
        "customer account, client company, business, employer, corporation, enterprise, target account, domain, "
        "corp, inc, gmbh, ltd, named account"
    ),
    "user": (
        "workforce, crew member, user, agent, rep, colleague, teammate, coworker, co worker, employee, operator, "
        "staff, sdr, bdr, ae, representative, member, seat, sales rep, csm, support agent, human agent, "
        "salesperson, seller, manager, user record, team member, workmate, people, person, admin"
    ),
    "team": "team, group, squad, department, unit, crew",
    "meeting": (
        "meeting, appointment, demo, call, calendar, calendar event, slot, session, video call, meetup, booking, "
        "get together, intro call, discovery call"
    ),
    "playbook": (
        "playbook, automated dialog, automated conversation, automated chat, bot, chatbot, bot flow, campaign bot, "
        "automation, widget, chat bot, robot, automated greeting, greeter, flow"
    ),
    "landing page": (
        "landing page, chat first page, page url, conversational landing page, clp, lp, landing, conversational "
        "page, chat page"
    ),
    "driftbot": (
        "driftbot, bot, chatbot, robot, flow, qualification flow, bot flow, automated, assistant, virtual "
        "assistant, machine, auto"
    ),
    "prompt": (
        "prompt, bot message, bot question, what … ask, bot text, bot wording, message of bot, question, bot "
        "prompt, wording, says, asks"
    ),
    "token": (
        "token, api token, access token, api key, key, credential, scope, permission, bearer, oauth, authorised, "
        "authorized, allowed, may"
    ),
    "app": "app, integration, application, connector, connection, plugin, install",
    "drift org": (
        "org, our =organization, our =organisation, our org, our =company, our whole org, which organization, which "
        "organisation, which org, org connected, connected to, whose organisation"
    ),
    "personal data": (
        "personal data, private data, personal information, all data, data subject, gdpr, dsgvo, ccpa, privacy, "
        "everything we hold, everything we have on, everything we know, everything … knows, data we hold, data we "
        "have, data we store, data about, data on, pii, their data, everything stored, all their data, all her "
        "data, all his data, data protection, stored about, hold about, hold on, person data, all information "
        "about, held on, keep about, store about, know about"
    ),
    "scim": (
        "scim, identity provider, idp, okta, azure ad, provisioned, provisioning, directory sync, identity record, "
        "entra, onelogin, identity, provision, identity management, iam"
    ),
    "seat": "seat, licence, license, login, user account",
    "event": "event, activity, happening, happened, milestone, occurrence",
    "timeline": (
        "touchpoint, timeline, history, activity history, activity log, happened … so far, contact history, time "
        "line, chronology, activity feed, journey, activity, story, done so far, did so far"
    ),
    "role": "role, admin, administrator, permission, agent role, right, privilege",
    "availability": (
        "availability, available, online, offline, away, busy, on duty, reachable, free right now, free, presence, "
        "around, at desk, out of office, out to lunch"
    ),
    "participant": (
        "participant, attendee, guest, invitee, attend, taking part, take part, takes part, who … in it, member"
    ),
    "metric": (
        "metric, how quickly … answer, how fast … answer, how quickly … reply, how quickly … respond, how fast … "
        "reply, how fast … respond, response time, time to close, time to first response, first response, time to "
        "answer, response times, reaction time, resolution time, handling time, kpi, sla, bot messages, time to "
        "first, how long, first reply, statistics, answer time, wait time, waiting time, wait, figure, performance, "
        "stat, how fast, how quick, time to first reply, time to respond, time until, minutes until, to close"
    ),
}

TOGETHER = {
    "tag info": "tag, tag record, get",
    "label info": "tag, tag record, get",
    "on file": "find",
    "set … up": "create",
    "whole conversation": "transcript, conversation",
    "entire conversation": "transcript, conversation",
    "full conversation": "transcript, conversation",
    "whole chat": "transcript, conversation",
    "entire chat": "transcript, conversation",
    "full chat": "transcript, conversation",
    "whole thread": "transcript, conversation",
    "entire thread": "transcript, conversation",
    "full thread": "transcript, conversation",
    "tag detail": "tag, tag record, get",
    "label detail": "tag, tag record, get",
    "doe not exist": "create",
    "=booking": "meeting",
    "=bookings": "meeting, booked",
    "read conversation": "get, transcript, conversation",
    "read chat": "get, transcript, conversation",
    "read thread": "get, transcript, conversation",
    "summarize conversation": "get, transcript, conversation",
    "summarize chat": "get, transcript, conversation",
    "conversation history": "get, transcript, conversation",
    "chat history": "get, transcript, conversation",
    "chat log": "get, transcript, conversation",
    "contact history": "get, timeline, contact",
    "history of contact": "get, timeline, contact",
    "history of lead": "get, timeline, contact",
    "lead history": "get, timeline, contact",
    "user team": "user, team, belongs",
    "rep team": "user, team, belongs",
    "agent team": "user, team, belongs",
    "team of user": "user, team, belongs",
    "team of rep": "user, team, belongs",
    "team of agent": "user, team, belongs",
    "conversation =tag": "tag, tag record",
    "conversation =tags": "tag, tag record",
    "chat =tag": "tag, tag record",
    "chat =tags": "tag, tag record",
    "chat label": "tag, tag record",
    "conversation label": "tag, tag record",
    "thread label": "tag, tag record",
    "thread =tag": "tag, tag record",
    "thread =tags": "tag, tag record",
    "tag for conversation": "tag, tag record",
    "label for conversation": "tag, tag record",
    "available": "availability, user",
    "online": "availability, user",
    "offline": "availability, user",
    "unsubscribe": "unsubscribe, email address",
    "opt out": "unsubscribe, email address",
    "untag": "untag, tag",
    "offboard": "deprovision, user",
    "gdpr": "personal data",
    "reschedule": "reschedule, meeting",
    "rebook": "reschedule, meeting",
    "right to be forgotten": "erase, personal data, forever",
    "be forgotten": "erase, personal data, forever",
    "article 17": "erase, personal data, forever",
    "art 17": "erase, personal data, forever",
    "erasure request": "erase, personal data, forever",
    "article 15": "export, personal data, owner mail",
    "art 15": "export, personal data, owner mail",
    "subject access": "export, personal data, owner mail",
    "access request": "export, personal data, owner mail",
    "dsar": "export, personal data, owner mail",
    "data request": "personal data, owner mail",
    "upsert": "merge, raw address",
}
