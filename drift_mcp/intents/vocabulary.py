"""What people in the trade call things: the words behind each concept. Plain data, read by `ranker.py`.

Three kinds of concept: ACTIONS (what to do), OBJECTS (what with) and CUES (what narrows it down). A phrase listed under
several concepts is ambiguous and counts for whichever suits an operation; a phrase in TOGETHER carries all of
the concepts named there. "…" stands for up to six words ("take … off"). Articles and possessives are left out.
"""

ACTIONS = {
    "list": "list, enumerate, browse, overview, catalog, catalogue, directory, roster, ls, index, every, rundown, complete list,"
    " full list, which, what … are there, what … do we have, list of, all of, page through, iterate, what … exist, choose from",
    "get": "get, show, read, view, display, fetch, retrieve, open, pull, pull up, bring up, see, look at, check, inspect,"
    " detail, info, information, describe, tell me, what is, who is, give me, load, grab, access, print, examine,"
    " review, look up, lookup, look … up, query, return, know, what does, learn, verify, find out, present",
    "find": "find, search, locate, look for, track down, filter, seek, hunt, identify, where is, discover, matching, look … up,"
    " look up, lookup, search for, fish out, dig up, query, narrow",
    "create": "create, make, add, new, register, set up, define, build, insert, establish, save, store, enter, introduce,"
    " generate, creation, put … in, post, not in drift yet, does not exist, not exist, missing, brand new, invent",
    "start": "start, begin, initiate, kick off, launch, open, strike up, reach out, first message, proactively, fresh, new, greet, never chatted, no conversation, no thread, no chat",
    "update": "update, change, edit, modify, set, alter, adjust, amend, correct, fix, reword, rephrase, revise, patch, rewrite, tweak, refresh,"
    " switch, put, enrich, fill in, complete, write, swap, save, store, make, move, mark, turn, replace, modification, wrong,"
    " add, sync, synchronize, push, set … to, flip, flag, new value, overwrite, exchange",
    "delete": "delete, remove, drop, destroy, trash, get rid of, discard, purge, throw away, throw out, bin, clean up, wipe, kill,"
    " eliminate, scrap, clear, nuke, deletion, removal, dump, gone, vanish, disappear, take … out, take … off, take out, junk, retire, del, erase",
    "send": "send, reply, respond, answer, write, tell, say, message, post, response, write back, get back to, ask, let … know,"
    " inform, text, follow up, drop … a line, write to, confirm to, acknowledge, thank, greet",
    "close": "close, resolve, shut, wrap up, mark … resolved, mark … closed, mark … done, done, finish, settled, dealt with,"
    " end, conclude, solved, snooze, handled, tick off, archive, completed",
    "reopen": "reopen, open … again, re open, reactivate",
    "assign": "assign, reassign, hand over, hand off, hand … over, hand … to, route, transfer, pass … to, give … to, escalate,"
    " allocate, delegate, assignment, belong to, go to, owner, take over, takes over, forward, give",
    "book": "book, schedule, arrange, set up, plan, reserve, put … calendar, get … calendar, agree on, fix",
    "reschedule": "reschedule, postpone, move, shift, push back, push … back, put off, bring forward, later, earlier, delay,"
    " rebook, another time, other time, new time, extend, rearrange",
    "cancel": "cancel, call off, call … off, cancellation, scrap, cancelled, does not take place, not happening, strike",
    "invite": "invite, add, bring, include, loop in, loop … in, invitation, put … on, join, attend, guest, extra",
    "label": "tag, label, mark … as, flag … as, put … tag, put … label, stick, attach … tag, attach, add … tag, add … label, apply, give … label,"
    " tagging, labelling, give … tag, stick … label",
    "untag": "untag, unlabel, take … off, take off, strip, come off, remove … tag, remove … label, remove, drop … tag, drop … label,"
    " delete … tag, delete … label, clear … tag, clear, detach, rid … tag, lose, drop, peel, take away … tag, take … away",
    "count": "how many, number of, count, total, tally, how much, headcount, counter, size of, quantity, how big",
    "report": "report, reporting, analytics, analyse, analyze, figure, statistic, measure, kpi, per conversation, breakdown,"
    " how long, how fast, how quick, how slow, performance",
    "aggregate": "average, mean, avg, aggregate, overall, median, summarise, on average, summary, single figure,"
    " one number, one figure, sum, averaged, across all, one aggregate, =aggregated, roll up, rollup, altogether, totals, sum up, minimum, maximum",
    "erase": "erase, erasure, wipe, purge, permanently delete, delete … data, erase … data, wipe … data, delete everything, erase everything,"
    " wipe everything, remove all trace, remove … data, permanent erasure, destroy … data, purge … data, scrub, every trace, obliterate, forget",
    "record": "log, record, register, track, post, write down, capture, save, add, put, push, document, enter, note",
    "rename": "rename, new name, different name, other name, called … instead, rename … to, relabel",
    "recolour": "recolor, recolour, color, colour, coloured, red, green, blue, yellow, orange, purple",
    "overwrite": "overwrite, replace, put, full sync, full record, full update, take the place, substitute, whole record,"
    " completely new, entire record, replacement, swap … whole, exchange … whole, whole identity, from scratch",
    "match": "match, resolve, map, belong to, belongs to, belong, correspond, whose",
    "merge": "upsert, create or update, update or create, make or update, add or update, new or existing, already exist … update",
    "trigger": "trigger, start, launch, fire, kick off, run, let … take over, take over, begin, activate, invoke,"
    " make … ask, let … ask, have … ask, qualify, execute, let … start, let … run, jump in, get … going",
    "download": "download, save … file, save … disk, get … file, content, byte, raw file, open … file, fetch … file, want … file,"
    " actual file, file itself, binary",
    "provision": "provision, onboard, new hire, newcomer, join, joined, starts on, grant access, give … access, give … seat, give … licence,"
    " give … license, hire, new joiner, create … seat, needs access, need access, new employee, new colleague, add … colleague,"
    " add … teammate, add … agent, add … employee, set up … employee, set up … colleague, start on, onboarding, provisioning, starting",
    "deprovision": "deprovision, offboard, offboarding, take … seat, take … licence, take … license, remove … seat, revoke … seat,"
    " free up, take … seat, remove … access, leaver, left the company, left company, last day, quit, fired, no longer work, revoke … licence,"
    " revoke … access, revoke … license, remove … colleague, remove … teammate, remove … agent, remove … employee,"
    " delete … employee, free … seat, cut … access, deprovisioning, resigned, take … away, free, no longer with us, departed, leaving",
    "deactivate": "deactivate, disable, suspend, enable, reactivate, switch off, turn off, switch … off, turn … off, pause, activate,"
    " inactive, lock, block … access, freeze, promote, demote, retire, lock out, re enable",
    "unsubscribe": "do not mail list, do not email list, unsubscribe, opt out, opt … out, stop sending, stop emailing, stop mailing, no more emails, no more email, stop … email,"
    " stop … mail, not want … email, unsubscription, suppress, no longer … email, suppression, not … mail, never … mail,"
    " never … email, not … email, not receive, never receive, take <email> off, take … off … email, take … off … mail, no longer receive, no more mail, mailing list, take … mailing list, off … mailing, do not … email",
    "uninstall": "uninstall, disconnect, revoke, unlink, remove … app, remove … integration, cut … connection, uninstallation, detach,"
    " delete … integration, delete … app, delink, cut the cord, end … connection, sever, pull the plug, unplug, take … app",
    "export": "export, dump, extract, collect, hand out, gather, compile",
}

OBJECTS = {
    "conversation": "conversation, chat, thread, dialog, dialogue, ticket, discussion, convo, inbox, a talk, the talk, our talk, case, session, inquiry, enquiry, exchange",
    "message": "message, msg, chat message, single entry, line, sentence, reply, answer, sent, post, bubble, entry, wording, posting",
    "note": "note, jot, comment, memo, remark, internal message, private message, sticky, annotation, internal comment, private comment, note to self",
    "transcript": "transcript, what was said, what did … say, what … wrote, protocol, "
    " word for word, verbatim, history, read, catch up on, what … discussed, plain text,"
    " what … talked about, minutes, said, script, conversation log, complete chat, complete conversation, go through, readable, log,"
    " what … said, what … told, what … tell, catch … up, brief me on, read through, complete dialogue, everything … said, how … conversation went, readable text",
    "attachment": "attachment, file, pdf, screenshot, image, photo, document, upload, attached, picture … sent, spreadsheet, zip, uploaded, jpg, png",
    "contact": "contact, lead, prospect, visitor, customer, client, buyer, person, people, guest, end user, somebody, someone,"
    " person record, anyone, human, individual, shopper, subscriber, consumer, contact record, patient, profile, attendee, folk, record, guy, woman, man",
    "attribute": "attribute, field, property, column, schema, data model, custom field, custom attribute, contact field, field name, trait, custom property",
    "tag": "tag, label, marker, flag, keyword, category, category marker",
    "account": "account, company, firm, organization, organisation, org, customer organization, customer organisation, customer account, client company, business, employer, corporation, enterprise,"
    " target account, domain, corp, inc, gmbh, ltd, client company, named account",
    "user": "user, agent, rep, colleague, teammate, coworker, co worker, employee, operator, staff, sdr, bdr, ae, representative, member, seat,"
    " sales rep, csm, support agent, human agent, salesperson, seller, manager, user record, team member, workmate, workforce, people, person, admin",
    "team": "team, group, squad, department, unit, crew",
    "meeting": "meeting, appointment, demo, call, calendar, calendar event, slot, session, video call, meetup, booking, get together, intro call, discovery call",
    "playbook": "playbook, bot, chatbot, bot flow, campaign bot, automation, widget, chat bot, robot, automated greeting, greeter, flow",
    "landing page": "landing page, chat first page, page url, conversational landing page, clp, lp, landing, conversational page, chat page",
    "driftbot": "driftbot, bot, chatbot, robot, flow, qualification flow, bot flow, automated, assistant, virtual assistant, machine, auto",
    "prompt": "prompt, bot message, bot question, what … ask, bot text, bot wording, message of bot, question, bot prompt, wording, says, asks",
    "token": "token, api token, access token, api key, key, credential, scope, permission, bearer, oauth, authorised, authorized, allowed, may",
    "app": "app, integration, application, connector, connection, plugin, install",
    "drift org": "our =organization, our =organisation, our org, our =company, our whole org, which organization, which organisation, which org, org connected, connected to, whose organisation",
    "personal data": "personal data, private data, personal information, all data, data subject, gdpr, dsgvo, ccpa, privacy,"
    " everything we hold, everything we have on, everything we know, everything … knows, data we hold, data we have, data we store, data about, data on,"
    " pii, their data, everything stored, all their data, all her data, all his data, data protection, stored about, hold about,"
    " hold on, person data, all information about, held on, keep about, store about, know about",
    "scim": "scim, identity provider, idp, okta, azure ad, provisioned, provisioning, directory sync, identity record, entra, onelogin,"
    " identity, provision, identity management, iam",
    "seat": "seat, licence, license, login, user account",
    "event": "event, activity, happening, happened, milestone, occurrence",
    "timeline": "timeline, history, activity history, activity log, happened … so far, contact history, time line, chronology, activity feed, journey, activity, story, done so far, did so far",
    "role": "role, admin, administrator, permission, agent role, right, privilege",
    "availability": "availability, available, online, offline, away, busy, on duty, reachable, free right now, free, presence, around, at desk, out of office, out to lunch",
    "participant": "participant, attendee, guest, invitee, attend, taking part, take part, takes part, who … in it, member",
    "metric": "metric, how quickly … answer, how fast … answer, how quickly … reply, how quickly … respond, how fast … reply, how fast … respond, response time, time to close, time to first response, first response, time to answer, response times, reaction time,"
    " resolution time, handling time, kpi, sla, bot messages, time to first, how long, first reply, statistics, answer time, wait time,"
    " waiting time, wait, figure, performance, stat, how fast, how quick, time to first reply, time to respond, time until, minutes until, to close",
}

CUES = {
    "email address": "<email>, email, address, mail, email address, mail address, emails",
    "external id": "external id, external ids, crm id, our id, our own id, own id, customer number, customer id, crm number, own system, our own system,"
    " salesforce id, hubspot id, our crm, external, client number, our key, our own key, customer key, key of ours, crm, foreign key, our database,"
    " own key, client id, our number, externalid, external key, own number, own database, our ids, our keys, from our system, known to us as, we know … as,"
    " id from our, ids from our, salesforce, hubspot, our reference, our backend, erp, warehouse, subscriber number, member number, customer <number>,"
    " id of ours, id in our, key in our, number in our, our identifier, client <number>, our side's id, our internal id",
    "status": "status, state, open, =closed, pending, bulk, unresolved, waiting",
    "archived": "archived, archive, including archived, archived ones",
    "recent": "recent, recently, lately, latest, newest, today, yesterday, this morning, freshest, last hour, most recent,"
    " fresh, new, recent activity, newest first, last updated, right now, last week, past hour, since yesterday, last night, overnight, meantime, touched",
    "inbox": "inbox, triage, backlog, queue",
    "criteria": "=assigned to, =tagged, =labelled, =labeled, with tag, with label, since, between, where, that have, criteria, about, =named, =called,"
    " older than, before, after, match, keyword, assignee, subject, filter by, by tag, by assignee, created, containing, mention, whose,"
    " custom field, by name, by subject, with … tag, by host, hosted by, organised by, organized by, host, with the tag, with <email>,"
    " by participant, from <email>, with <name>, resolved before, resolved after, words, phrase",
    "group": "group, shared, internal, colleagues, several users, among, between users, team chat, group chat, group conversation, group thread, just us,"
    " several colleagues, agents only, with users, with colleagues, group discussion, internal conversation, internal chat, multi user,"
    " teammates, among users, huddle, together, war room, users only, inside the company, among ourselves, internally, coworkers",
    "no message": "empty, without message, no message, without sending, blank, not … message yet, no message yet, no text, without a message,"
    " no first message, without any message, without writing, before … message, not send, nothing sent, without greeting, not say,"
    " shell, bare, message later, not … anything yet, nothing … yet, no opening message, without saying, without text, from scratch, not write",
    "existing": "existing, this conversation, this chat, this thread, in thread, in conversation, in chat, conversation <number>, chat <number>, thread <number>",
    "private": "private, internal, internally, only team, team only, only we, whisper, cannot see, can not see, not see, hidden, not visible, invisible, for team,"
    " visible only, only the team, only colleagues, our eyes, not shown, without … noticing, without … seeing, only us, team sees, colleagues only, confidential",
    "visible": "visitor, customer, buttons, button, answer choices, choices, publicly, back to, quick replies, options",
    "json": "json, machine readable, structured, as data, raw data, records, programmatically, structured data, as objects, parse,"
    " machine, raw, json transcript, script, data structure, program, pipeline, structured form, parseable, json format, classifier, array, parser, code",
    "page": "entries, single entries, page by page, paginated, one by one, with ids, message ids, oldest first, individual messages, single entries, author, buttons,"
    " wrote last, came last, last message, who wrote, who said, each message, every message, individual, button, clicked, messages",
    "one": "one, single, particular, specific, <number>, this one, that one, exact, only one, exactly one, individual, certain, one particular, just one",
    "several": "several users, multiple users, user ids, several, multiple, many, bulk, batch, in bulk, at once, in one go, mass, a bunch, all of these, both, group of, in one call,"
    " couple of, one request, one call, single request, a few, these, two, three, five, ten, set of, handful, <number> <number>, <number> and <number>,"
    " in one request, these users, in a single call, in one shot, ids",
    "all": "we have, do we have, are there, there are, all, every, everyone, everybody, entire, whole, complete, full, across, there is, each, organisation wide, org wide, company wide, whole org, everything,"
    " exist, all our, whole company, there are",
    "without creating": "nothing new, nothing … created, nothing … create, no … created, without creating, never create, not create, no new contact, not make, must not create, only if, without adding,"
    " if there is one, do not create, without making, no creating, not add, exactly one, one contact, single contact, the one",
    "raw address": "raw, raw address, raw email, signature, email signature, <name> <email>, display name, header, from header, from line, just address,"
    " only address, only have … address, nothing but, just an email, only an email, only email, only the email, upsert, from email, from address, out of, rfc,"
    " angle brackets, or update, to a contact, mail header, signature line, from an email, out of <email>, address line",
    "phone": "phone, phone number, mobile, job title, title, full name, birthday, city, plan, lifetime value, lead score, industry, tier, seniority, company size, name, surname, last name",
    "name": "alias, display name, avatar, picture, photo, nickname, profile picture, screen name, locale, language",
    "colour": "color, colour, description, meaning, mean, stand for, for what, stands for, enabled, <hex>, what … for",
    "timezone": "time zone, timezone, role, bot or human",
    "owner": "owner, responsible, targeted, account manager, target, tier, custom property, custom properties, account owner",
    "target account": "named account, targeted, target account",
    "bots included": "bots included, including bots, bots too, bots as well, and bots, routing, route, user id of, including the bots",
    "who": "who, whom",
    "works at": "work for, works for, work at, works at, working at, working for, employed, employees of, from <name>, at <name>, people at, people from,"
    " contacts of, contacts at, contacts from, staff of, belong to the company, anyone at, everyone at, everyone from, know at, people working, know there, on their side",
    "looks after": "look after, looks after, responsible for, take care of, takes care of, handle, handles, covers, cover, serve, serves, on our side,"
    " in charge of, deals with, assigned to, working with, work with, works with, works on, service, looking after, dealing with",
    "belongs": "belong, belongs to, member of, part of, am in, in which, teams of user, his teams, her teams, sits in, teams is, user's teams, which … in,"
    " user teams, person teams, she in, he in, <name> in, sits, rep teams",
    "booked": "=booked, upcoming, this week, next week, tomorrow, this month, next month, between, =scheduled, coming up, agenda, week, lined up, =planned,"
    " on calendar, through drift, coming, span, span of time, monday, friday, today, next few days, days, booked through chat, through chat",
    "meeting search": "with <email>, about, subject, host, hosted, participant, created by, location, =titled, longer than, in progress, duration, zoom,"
    " cancelled, running, with <name>, did <name>, invited, organizer, organiser, notes, whose",
    "when where": "when, where, what time, who attends, who … attend, attends, invited, link, starts, who is in",
    "time": "<clock>, monday, tuesday, wednesday, thursday, friday, saturday, sunday, tomorrow, next week, noon, afternoon, morning, minute, hour, half an hour,"
    " 30 minutes, date, time, am, pm, o clock, tonight",
    "place": "subject, place, location, zoom, room, notes, agenda, video link, title, teams link, office",
    "live": "live, enabled, active, running, on our site, on site, on website, our website, site, website, goal, interaction id, greet, currently",
    "url": "url, <url>, link, address, web address, slug",
    "qualify": "qualify, qualification, qualifying, take over, takes over, jump in, continue",
    "in flight": "mid conversation, current, currently, in flight, at present, running, right now, now, in this chat, already, ongoing, active",
    "custom": "custom, built in, builtin, type, types, allowed, exist, available, which attributes, what attributes, can have, data types, names",
    "label text": "text, typo, sent, wording, spelling, mistake, wrong, already sent, existing message, correct, body, misspelled, misspelling, wrote",
    "validity": "valid, validity, expire, expired, expires, lifetime, ttl, 403, 401, scopes, what … may, may … do, can … do, which scopes, allowed to, granted, forbidden, unauthorized",
    "owner mail": "data subject access request, access request, subject access, sar, dsar, copy of, right of access, article 15, art 15, collect all, everything we hold, hand over all,"
    " export … data, what data, all data, all personal, retrieve … data, data request, portability, copy, data export, mail … owner, sent to the owner, gather",
    "forever": "right to be forgotten, article 17, art 17, forgotten, for ever, forever, permanent, permanently, irreversibly, irrevocably, for good, irreversible, erasure request,"
    " never existed, cannot be undone, deletion request, be forgotten",
    "from views": "views, view, search, duplicate, test, from drift, from list, list, double, junk, obsolete, stale, twice, not real, fake",
    "site wide": "everywhere, unused, from every conversation, from all conversations, completely, altogether, for good, clean up, obsolete, all conversations",
    "tag record": "tag called, tag named, label named, label called, tag <number>, label <number>, tag with id, label with id",
    "spam": "vanish, disappear, spam, for good, junk, test, altogether, permanently, gone",
    "per row": "per conversation, each conversation, row by row, each chat, per chat, individual, for each, for every conversation, one row, row, list, by conversation, each thread,"
    " per thread, conversation by conversation, chat by chat",
    "left company": "employee, hire, hr, left, company, last day, job",
    "keep record": "keep the record, keep record, but keep, without deleting, temporarily, for now, parental leave, on leave, sabbatical, keep, leave",
    "single fields": "single field, only field, just, only, one field, partial, partially, nothing else, rest stays",
    "left out cleared": "left out, cleared, empty fields, what is left out, completely, whole, full, entire, complete, all fields, from scratch, fully, everything",
    "employment": "employee, hire, staff",
    "filter": "filter, filtered, user name eq, username eq, eq, with email, by email",
    "trial": "upgraded, trial started, signed up, purchase, purchased, webinar, trial, bought, another system, other system, our product, renewed, downloaded",
    "lately": "today, lately, in meantime, while i was away, since yesterday, recently, recent, in drift, anything new, last hour, overnight, going on, what is new, happened, firehose, feed, stream, what happened,"
    " news, since noon, activity stream, event stream",
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
    "conversation tag": "tag, tag record",
    "chat tag": "tag, tag record",
    "chat label": "tag, tag record",
    "conversation label": "tag, tag record",
    "thread label": "tag, tag record",
    "thread tag": "tag, tag record",
    "tag for conversation": "tag, tag record",
    "label for conversation": "tag, tag record",
    "available": "availability, user",
    "online": "availability, user",
    "offline": "availability, user",
    "unsubscribe": "do not mail list, do not email list, unsubscribe, email address",
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

NOTHING = {
    # What requests turn on that Drift's API does not serve: other trades, other products, everyday life.
    "strong": "newsletter, campaign, email blast, blast, mass mail, mass email, drip, open rate, click rate, a b test, ab test, cadence, sequence,"
    " banner, invoice, payment, refund, charge … card, charge … customer, charge, credit card, card on file, bank, bank account, stripe, paypal, checkout, cart, coupon,"
    " discount code, price list, gift card, purchase order, order <number>, my order, pizza order, shipment, shipping, parcel, package, stock, inventory, warehouse stock, delivery,"
    " deal, pipeline, opportunity, forecast, quote, quota, commission, win rate, churn rate, revenue, mrr, arr, closed won, closed lost, contract stage,"
    " weather, rain, temperature, forecast, translate, translation, flight, hotel, restaurant, steakhouse, reserve … table, taxi, train ticket, public holiday, vacation request, recipe, pizza, picnic,"
    " tweet, twitter, facebook, instagram, linkedin, youtube, tiktok, social media, post on, whatsapp, telegram, sms, text message, voicemail, phone call, dial, call … phone,"
    " call … mobile, phone … back, phone call, call … back by phone, extension, slack, discord, microsoft teams, teams channel, jira, github, gitlab, trello, asana, notion, confluence, monday board, linear issue, zendesk, intercom,"
    " freshdesk, mailchimp, marketo, shopify, wordpress, google sheet, google drive, google doc, google meet, google ads, google analytics, gmail, outlook calendar, dropbox, excel, powerpoint, slide, slide deck,"
    " repository, pull request, commit, deploy, server, kubernetes, docker, pod, sql, sql query, backup, python, javascript, react, function, code, compile, refactor, unit test, ssl,"
    " certificate, dns, script that, password, wifi, vpn, laptop, printer, virus, windows, install … widget, install … snippet, snippet, tracking code, homepage, web design, html,"
    " song, music, movie, joke, poem, haiku, essay, story about, blog, blog post, article, press release, slogan, logo, seo, ads, ad set, advert, advertising, adwords, keyword bid, audience, retargeting,"
    " payroll, salary, expense, expense report, tax, tax return, lawyer, legal advice, code review, podcast, survey, csat, nps, ebook, subscription plan, annual plan, upgrade … plan, buy,"
    " times <number>, divided by, plus <number>, square root, capital of, president, alarm, remind me, timer, plant, dog, water the, news headline, stock price, bitcoin,"
    " market trend, page view, website traffic, traffic, visits, bounce rate, dashboard, knowledge base, help article, faq, help center, saved reply, canned response, macro,"
    " office hours, business hours, opening hours, webhook, zapier, routing rule, ip address, block … visitor, ban, block … ip, merge, deduplicate, import … contacts, import … leads, csv, bulk import,"
    " undelete, restore, recover, bring back, resubscribe, opt … back in, opt in, turn back on … mail, back on the mailing, subscribe … again, push notification, crm pipeline, kanban, sprint, stand up, okr, timesheet, vacation request,"
    " record a video, make a video, image of, draw, paint, photo of, font, css, rearrange the furniture, medicine, doctor, workout, compare, competitor",
    # Its own objects with actions that it has no call for.
    "unserved": "create … playbook, new playbook, build … playbook, edit … playbook, change … playbook, delete … playbook, switch off … playbook, turn off … playbook, pause … playbook,"
    " publish … playbook, create … bot, new bot, new bot playbook, build … bot, design … bot, new chatbot, create … landing page, design … landing page, build … landing page, edit … landing page, delete … landing page,"
    " new landing page, create … team, create team, new team, delete … team, rename … team, delete … message, remove … message, unsend, delete … note, remove … note,"
    " create … attribute, new custom attribute, delete … attribute, create … custom field, delete … timeline, delete … event, upload … file, send … file, attach … file,"
    " record … call, transcribe … call, join … call, edit … questions … playbook, add … question … playbook, colour … widget, widget … colour, translate … conversation, translate … chat",
    # Often only the setting of a request that is served.
    "weak": "signature, catering, venue, conversion rate, machine learning, football, match score, invoice number, salesforce, hubspot, pipedrive, crm, google, outlook, zoom, template, webinar, price, discount, contract, website, production, database, import, holiday, vacation, order, forecast, server, excel, marketing, product, quarter",
}

DROPPED = (
    "a an the my our his her their its your this that these those some any please just also really very actually drift"
)
"""Words that phrases are matched without."""

NEGATIONS = (
    "not no never without instead rather neither nor dont doesnt wont cannot isnt didnt shouldnt nothing none only_not"
)
ASKING = (
    "please", "can you", "could you", "would you", "will you", "let us", "help me", "how do i", "how can i", "make sure",
    "go ahead", "need you to", "kindly", "can we", "could we", "can i", "could i", "may i", "want you to", "like you to",
)  # fmt: skip
WISHING = (
    "i need",
    "i want",
    "i would like",
    "i like to",
    "we need",
    "we want",
    "we like to",
    "i must",
    "we must",
    "i have to",
)


FUNCTION = (
    "a an the my our your his her their its this that these those some any i we you he she it they me us him them who whom whose which what when where why how"
    " is are was were be been being am do does did done have has had having can could will would shall should may might must need want like"
    " and or but so because although though while if then than as of in on at to from for with without by about into over under through between among up down off out"
    " not no never yes please just also only too very really actually already still yet now here there again back please kindly thanks thank hi hello hey ok okay"
    " one ones other others another same such more most much many few all each every both either neither none s t d let lets get got make made sure go going"
    " using via per etc want wants wanted needs needed would like able way thing things something anything everything right well even ever"
)
"""Words that say nothing about what a request is about."""

PLAIN = (
    "entirely whether entire complain complained metadata approve approved interest interesting met renewal renew spoke moved budget decide decided shift ceo cto vp assistant claim claims failed fail arrive arrives require requires stuff technical bottom top interface platform course learning partner hot cold old gold silver premium march april june july august september october november december january february berlin paris london madrid german english french boston"
    " about above across actual actually after again against ago all almost alone along already also although always am among an and"
    " another any anybody anyone anything anyway apart are around as ask asked at away back bad be became because become been before began begin"
    " behind being believe best better big bit board both bought boss brought but buy by call came can cant card care carry case chance"
    " cheap check city clean clear come comes coming cool correct cost could couple course current cut dad date day days deal dear desk did"
    " different do does doing done door doubt down drink drive during each ear early earlier easy eat eight either else end enough even evening"
    " ever every everybody everything exactly except eye face fact fair fall far fast favour few fill final finally fine first five folk"
    " follow food for forget form forward found four free friday friend from front full fun further gave get gets getting give given glad go goes"
    " going gone good got great had half hand handle happy hard has have having he head hear heard held hello help her here hers hey hi him"
    " himself his hold hope hour house how however idea if important in indeed inside instead into is it its itself job just keep kept kind"
    " knew know known large last late later lead leader learn least leave left less let lets life like line list little live load long look looks lost lot"
    " love low made mail main make makes man many march matter may maybe me mean means meant might mind mine minute miss moment monday money month more"
    " morning most move much must my myself near nearly need needs never new next nice night nine no nobody none nor not note nothing now number"
    " of off often oh ok okay old on once one ones only open or order other others otherwise ought our ours out over own paid part particular"
    " past pay people perhaps phone pick piece place plan play point poor possible power press pretty probably problem process put quarter question quick"
    " quickly quiet quite ran rate rather read ready real reason red rest right role room round rule run said sale same sat saturday save saw say says second see"
    " seem seems seen self send sense sent set seven several shall share she short should show side since single sit six small so some somehow"
    " something sometimes somewhere soon sorry sort space speak stand start state stay step still stop story such sunday sure table take taken talk team"
    " tell ten than thank thanks that the their them themselves then there therefore these they thing things think third this those though thought"
    " three through thursday till time times tired to today together told tomorrow tonight too took top toward town tried true try tuesday turn twice two"
    " under understand unless until unto up upon us use used user using usual usually version via visit wait waiting walk wall want wanted wants was wasnt watch"
    " way we wednesday week weekend weeks well went were what whatever when whenever where whether which while who whole whom whose why wide will wish with"
    " within without woman won wonder word words work worked working works world would write written wrong wrote year years yes yesterday yet you young your yours"
    " zero able act add age agree air answer area army art bar base bath bear beat bed bell belt bill bird blow blue boat body bone book boot born box boy"
    " brand bread break bring broke brown build built burn bus busy cake calm camp car cast cat catch cause cell cent chain chair cheese child children choose"
    " church class clerk click climb close cloth cloud coat coffee cold collar colour color conference cook copy corn corner count country cover cross crowd cry cup customer"
    " dance dark daughter dead death deep desire dinner direct dirt dog dream dress drop dry due dust duty earth east edge egg else energy engine enter equal error event exact"
    " example excited fail family farm father fear feel feet felt field fight figure finger finish fire fish fit fix flat floor flow fly foot force foreign form found fresh fruit"
    " future game garden gas gate general girl glass goal gold grass ground group grow guess guest guide guy hair hall hang hat hate heart heat heavy height"
    " high hill hit hole holiday home horse hospital host hot hotel hurry hurt ice invite inside iron item join joke jump keen key kid kill king kitchen lady land language laugh law lay lazy lean leg"
    " lend lesson letter level lie lift light limit link lip local lock log loss loud luck lunch machine mad map mark market marry mass match meal meat meet memo merge met middle mile milk mind model mom"
    " mother mountain mouth music name nation neck noise north nose notice oil office page pain pair paper parent park party pass path peace pen pencil person photo picture pin pipe"
    " plane plant plate pool pop port post pound price pride print proud public pull push queen race rail rain raise range reach reply report require rest rice rich ride ring rise risk river road"
    " rock roof root rope rose rough row rub rush sad safe sail salt sand scale scene school science sea seat sell serve sheet ship shirt shoe shop shot shoulder shout sick sign"
    " silver simple sing sister size skin sky sleep slip slow smell smile smoke snow soap soft soil son song soul sound soup south spare spell spend spoon sport spot spring square stage stair"
    " stamp star station steam steel stick stone store storm strange stream street strength strong study stuff style success sudden sugar suit summer sun sweet swim system tail tall taste"
    " tax tea teach tear test text thick thin threat throat throw tie tight tin title toe tone tongue tool tooth total touch trade train travel tree trick trip trouble trust truth type ugly uncle unit"
    " view village voice wake war warm wash waste water wave weak wear weather west wet wheel white wife wild wind window wine winter wire wise wood wool worry worse worst wound yard"
    " yellow dozen ugh hmm fyi asap btw etc eg ie via per vs inc ltd guys someone nobody nope yep hence thus apparently unfortunately basically simply suppose guess figured"
    " vip id ids url api json crm gdpr scim acme globex rid ones mess sake cannot kindly whoever hasnt havent didnt isnt arent dont doesnt wont wouldnt couldnt shouldnt bring brings sending"
)
"""Everyday words: known, so that they are not taken for a misspelled one that means something."""
