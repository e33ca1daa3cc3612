"""What narrows a request down, and what shows that Drift does not serve it. More of `vocabulary.py`."""

CUES = {
    "new contact": "new lead, new contact, new prospect, new person, new visitor, new customer, brand new",
    "email address": "<email>, email, address, mail, email address, mail address, emails",
    "external id": (
        "external id, external ids, crm id, our id, our own id, own id, customer number, customer id, crm number, "
        "own system, our own system, salesforce id, hubspot id, our crm, external, client number, our key, our own "
        "key, customer key, key of ours, crm, foreign key, our database, own key, client id, our number, "
        "externalid, external key, own number, own database, our ids, our keys, from our system, known to us as, we "
        "know … as, id from our, ids from our, salesforce, hubspot, our reference, our backend, erp, warehouse, "
        "subscriber number, member number, customer <number>, id of ours, id in our, key in our, number in our, our "
        "identifier, client <number>, our side's id, our internal id"
    ),
    "status": "status, state, open, =closed, pending, bulk, unresolved, waiting",
    "archived": "archived, archive, including archived, archived ones",
    "recent": (
        "rn, recent, recently, lately, latest, newest, today, yesterday, this morning, freshest, last hour, most "
        "recent, fresh, new, recent activity, newest first, last updated, right now, last week, past hour, since "
        "yesterday, last night, overnight, meantime, touched"
    ),
    "inbox": "inbox, triage, backlog, queue",
    "criteria": (
        "=assigned to, =tagged, =labelled, =labeled, with tag, with label, since, between, where, that have, "
        "criteria, about, =named, =called, older than, before, after, match, keyword, assignee, subject, filter by, "
        "by tag, by assignee, created, containing, mention, whose, custom field, by name, by subject, with … tag, "
        "by host, hosted by, organised by, organized by, host, with the tag, with <email>, by participant, from "
        "<email>, with <name>, resolved before, resolved after, words, phrase"
    ),
    "group": (
        "group, shared, internal, colleagues, several users, among, between users, team chat, group chat, group "
        "conversation, group thread, just us, several colleagues, agents only, with users, with colleagues, group "
        "discussion, internal conversation, internal chat, multi user, teammates, among users, huddle, together, "
        "war room, users only, inside the company, among ourselves, internally, coworkers"
    ),
    "no message": (
        "empty, without message, no message, without sending, blank, not … message yet, no message yet, no text, "
        "without a message, no first message, without any message, without writing, before … message, not send, "
        "nothing sent, without greeting, not say, shell, bare, message later, not … anything yet, nothing … yet, no "
        "opening message, without saying, without text, from scratch, not write"
    ),
    "existing": (
        "existing, this conversation, this chat, this thread, in thread, in conversation, in chat, conversation "
        "<number>, chat <number>, thread <number>"
    ),
    "private": (
        "private, internal, internally, only team, team only, only we, whisper, cannot see, can not see, not see, "
        "hidden, not visible, invisible, for team, visible only, only the team, only colleagues, our eyes, not "
        "shown, without … noticing, without … seeing, only us, team sees, colleagues only, confidential"
    ),
    "visible": (
        "visitor, customer, buttons, button, answer choices, choices, publicly, back to, quick replies, options"
    ),
    "json": (
        "json, machine readable, structured, as data, raw data, records, programmatically, structured data, as "
        "objects, parse, machine, raw, json transcript, script, data structure, program, pipeline, structured form, "
        "parseable, json format, classifier, array, parser, code"
    ),
    "page": (
        "entries, single entries, page by page, paginated, one by one, with ids, message ids, oldest first, "
        "individual messages, author, buttons, wrote last, came last, last message, who wrote, who said, each "
        "message, every message, individual, button, clicked, messages"
    ),
    "one": (
        "one, single, particular, specific, <number>, this one, that one, exact, only one, exactly one, individual, "
        "certain, one particular, just one"
    ),
    "several": (
        "several users, multiple users, user ids, several, multiple, many, bulk, batch, in bulk, at once, in one "
        "go, mass, a bunch, all of these, both, group of, in one call, couple of, one request, one call, single "
        "request, a few, these, two, three, five, ten, set of, handful, <number> <number>, <number> and <number>, "
        "in one request, these users, in a single call, in one shot, ids"
    ),
    "all": (
        "we have, do we have, are there, there are, all, every, everyone, everybody, entire, whole, complete, full, "
        "across, there is, each, organisation wide, org wide, company wide, whole org, everything, exist, all our, "
        "whole company"
    ),
    "without creating": (
        "nothing new, nothing … created, nothing … create, no … created, without creating, never create, not "
        "create, no new contact, not make, must not create, only if, without adding, if there is one, do not "
        "create, without making, no creating, not add, exactly one, one contact, single contact, the one"
    ),
    "raw address": (
        "raw, raw address, raw email, signature, email signature, <name> <email>, display name, header, from "
        "header, from line, just address, only address, only have … address, nothing but, just an email, only an "
        "email, only email, only the email, upsert, from email, from address, out of, rfc, angle brackets, or "
        "update, to a contact, mail header, signature line, from an email, out of <email>, address line"
    ),
    "phone": (
        "phone, phone number, mobile, job title, title, full name, birthday, city, plan, lifetime value, lead "
        "score, industry, tier, seniority, company size, name, surname, last name"
    ),
    "name": "alias, display name, avatar, picture, photo, nickname, profile picture, screen name, locale, language",
    "colour": (
        "color, colour, description, meaning, mean, stand for, for what, stands for, enabled, <hex>, what … for"
    ),
    "timezone": "time zone, timezone, role, bot or human",
    "owner": (
        "owner, responsible, targeted, account manager, target, tier, custom property, custom properties, account owner"
    ),
    "target account": "named account, targeted, target account",
    "bots included": (
        "bots included, including bots, bots too, bots as well, and bots, routing, route, user id of, including the "
        "bots"
    ),
    "who": "who, whom",
    "works at": (
        "stakeholders at, stakeholders, anybody at, work for, works for, work at, works at, working at, working "
        "for, employed, employees of, from <name>, at <name>, people at, people from, contacts of, contacts at, "
        "contacts from, staff of, belong to the company, anyone at, everyone at, everyone from, know at, people "
        "working, know there, on their side"
    ),
    "looks after": (
        "look after, looks after, responsible for, take care of, takes care of, handle, handles, covers, cover, "
        "serve, serves, on our side, in charge of, deals with, assigned to, working with, work with, works with, "
        "works on, service, looking after, dealing with"
    ),
    "belongs": (
        "belong, belongs to, member of, part of, am in, in which, teams of user, his teams, her teams, sits in, "
        "teams is, user's teams, which … in, user teams, person teams, she in, he in, <name> in, sits, rep teams"
    ),
    "booked": (
        "this wk, next wk, tmrw, my demos, my meetings, our demos, =booked, upcoming, this week, next week, "
        "tomorrow, this month, next month, between, =scheduled, coming up, agenda, week, lined up, =planned, on "
        "calendar, through drift, coming, span, span of time, monday, friday, today, next few days, days, booked "
        "through chat, through chat"
    ),
    "meeting search": (
        "with <email>, about, subject, host, hosted, participant, created by, location, =titled, longer than, in "
        "progress, duration, zoom, cancelled, running, with <name>, did <name>, invited, organizer, organiser, "
        "notes, whose"
    ),
    "when where": (
        "who is coming, who comes, coming to, when, where, what time, who attends, who … attend, attends, invited, "
        "link, starts, who is in"
    ),
    "time": (
        "tmrw, wk, <clock>, monday, tuesday, wednesday, thursday, friday, saturday, sunday, tomorrow, next week, "
        "noon, afternoon, morning, minute, hour, half an hour, 30 minutes, date, time, am, pm, o clock, tonight"
    ),
    "place": "subject, place, location, zoom, room, notes, agenda, video link, title, teams link, office",
    "live": (
        "web page, webpage, our page, homepage bot, live, enabled, active, running, on our site, on site, on "
        "website, our website, site, website, goal, interaction id, greet, currently"
    ),
    "url": "url, <url>, link, address, web address, slug",
    "qualify": "qualify, qualification, qualifying, take over, takes over, jump in, continue",
    "in flight": (
        "mid conversation, current, currently, in flight, at present, running, right now, now, in this chat, "
        "already, ongoing, active"
    ),
    "custom": (
        "custom, built in, builtin, type, types, allowed, exist, available, which attributes, what attributes, can "
        "have, data types, names"
    ),
    "label text": (
        "text, typo, sent, wording, spelling, mistake, wrong, already sent, existing message, correct, body, "
        "misspelled, misspelling, wrote"
    ),
    "validity": (
        "valid, validity, expire, expired, expires, lifetime, ttl, 403, 401, scopes, what … may, may … do, can … "
        "do, which scopes, allowed to, granted, forbidden, unauthorized"
    ),
    "owner mail": (
        "possess, which data, what data … have, knows which data, data subject access request, access request, "
        "subject access, sar, dsar, copy of, right of access, article 15, art 15, collect all, everything we hold, "
        "hand over all, export … data, what data, all data, all personal, retrieve … data, data request, "
        "portability, copy, data export, mail … owner, sent to the owner, gather"
    ),
    "forever": (
        "right to be forgotten, article 17, art 17, forgotten, for ever, forever, permanent, permanently, "
        "irreversibly, irrevocably, for good, irreversible, erasure request, never existed, cannot be undone, "
        "deletion request, be forgotten"
    ),
    "from views": (
        "views, view, search, duplicate, test, from drift, from list, list, double, junk, obsolete, stale, twice, "
        "not real, fake"
    ),
    "site wide": (
        "everywhere, unused, from every conversation, from all conversations, completely, altogether, for good, "
        "clean up, obsolete, all conversations"
    ),
    "tag record": (
        "tag called, tag named, label named, label called, tag <number>, label <number>, tag with id, label with id"
    ),
    "spam": "vanish, disappear, spam, for good, junk, test, altogether, permanently, gone",
    "per row": (
        "per conversation, each conversation, row by row, each chat, per chat, individual, for each, for every "
        "conversation, one row, row, list, by conversation, each thread, per thread, conversation by conversation, "
        "chat by chat"
    ),
    "left company": "employee, hire, hr, left, company, last day, job",
    "keep record": (
        "keep the record, keep record, but keep, without deleting, temporarily, for now, parental leave, on leave, "
        "sabbatical, keep, leave"
    ),
    "single fields": "single field, only field, just, only, one field, partial, partially, nothing else, rest stays",
    "left out cleared": (
        "left out, cleared, empty fields, what is left out, completely, whole, full, entire, complete, all fields, "
        "from scratch, fully, everything"
    ),
    "employment": "employee, hire, staff",
    "filter": "filter, filtered, user name eq, username eq, eq, with email, by email",
    "trial": (
        "upgraded, trial started, signed up, purchase, purchased, webinar, trial, bought, another system, other "
        "system, our product, renewed, downloaded"
    ),
    "lately": (
        "today, lately, in meantime, while i was away, since yesterday, recently, recent, in drift, anything new, "
        "last hour, overnight, going on, what is new, happened, firehose, feed, stream, what happened, news, since "
        "noon, activity stream, event stream"
    ),
}

NOTHING = {
    # What requests turn on that Drift does not serve: other trades, other products, everyday life.
    "strong": (
        "gift, birthday, trademark, speech, thermostat, cluster, memory leak, release, roll back, offsite, netflix, "
        "subscription, supplier, vat, credit note, territory, trustpilot, followers, social, workshop, job "
        "description, cover letter, proofread, random number, quantum, world cup, football, wallet, bookkeeping, "
        "focus time, clearbit, zoominfo, job ad, balance … books, background, background image, welcome message, "
        "bubble, through rate, click through, segment, segment … subscribers, undo … unsubscribe, print, "
        "newsletter, campaign, email blast, blast, mass mail, mass email, drip, open rate, click rate, a b test, ab "
        "test, cadence, sequence, banner, invoice, payment, refund, charge … card, charge … customer, charge, "
        "credit card, card on file, bank, bank account, stripe, paypal, checkout, cart, coupon, discount code, "
        "price list, gift card, purchase order, order <number>, my order, pizza order, shipment, shipping, parcel, "
        "package, stock, inventory, warehouse stock, delivery, deal, pipeline, opportunity, forecast, quote, quota, "
        "commission, win rate, churn rate, revenue, mrr, arr, closed won, closed lost, contract stage, weather, "
        "rain, temperature, translate, translation, flight, hotel, restaurant, steakhouse, reserve … table, taxi, "
        "train ticket, public holiday, vacation request, recipe, pizza, picnic, tweet, twitter, facebook, "
        "instagram, linkedin, youtube, tiktok, social media, post on, whatsapp, telegram, sms, text message, "
        "voicemail, phone call, dial, call … phone, call … mobile, phone … back, call … back by phone, extension, "
        "slack, discord, microsoft teams, teams channel, jira, github, gitlab, trello, asana, notion, confluence, "
        "monday board, linear issue, zendesk, intercom, freshdesk, mailchimp, marketo, shopify, wordpress, google "
        "sheet, google drive, google doc, google meet, google ads, google analytics, gmail, outlook calendar, "
        "dropbox, excel, powerpoint, slide, slide deck, repository, pull request, commit, deploy, server, "
        "kubernetes, docker, pod, sql, sql query, backup, python, javascript, react, function, code, compile, "
        "refactor, unit test, ssl, certificate, dns, script that, password, wifi, vpn, laptop, printer, virus, "
        "windows, install … widget, install … snippet, snippet, tracking code, homepage, web design, html, song, "
        "music, movie, joke, poem, haiku, essay, story about, blog, blog post, article, press release, slogan, "
        "logo, seo, ads, ad set, advert, advertising, adwords, keyword bid, audience, retargeting, payroll, salary, "
        "expense, expense report, tax, tax return, lawyer, legal advice, code review, podcast, survey, csat, nps, "
        "ebook, subscription plan, annual plan, upgrade … plan, buy, times <number>, divided by, plus <number>, "
        "square root, capital of, president, alarm, remind me, timer, plant, dog, water the, news headline, stock "
        "price, bitcoin, market trend, page view, website traffic, traffic, visits, bounce rate, dashboard, "
        "knowledge base, help article, faq, help center, saved reply, canned response, macro, office hours, "
        "business hours, opening hours, webhook, zapier, routing rule, ip address, block … visitor, ban, block … "
        "ip, merge, deduplicate, import … contacts, import … leads, csv, bulk import, undelete, restore, recover, "
        "bring back, resubscribe, opt … back in, opt in, turn back on … mail, back on the mailing, subscribe … "
        "again, push notification, crm pipeline, kanban, sprint, stand up, okr, timesheet, record a video, make a "
        "video, image of, draw, paint, photo of, font, css, rearrange the furniture, medicine, doctor, workout, "
        "compare with, compare our, benchmark against"
    ),
    # Its own objects with actions that it has no call for.
    "unserved": (
        "undo … deletion, undo … unsubscribe, "
        "create … playbook, new playbook, build … playbook, edit … playbook, change … playbook, delete … playbook, "
        "switch off … playbook, turn off … playbook, pause … playbook, publish … playbook, create … bot, new bot, "
        "new bot playbook, build … bot, design … bot, new chatbot, create … landing page, design … landing page, "
        "build … landing page, edit … landing page, delete … landing page, new landing page, create … team, create "
        "team, new team, delete … team, rename … team, delete … message, remove … message, unsend, delete … note, "
        "remove … note, create … api key, new api key, rotate … key, working hours, disable … playbook, enable … "
        "playbook, activate … playbook, create … attribute, new custom attribute, delete … attribute, create … "
        "custom field, delete … timeline, delete … event, upload … file, send … file, attach … file, record … call, "
        "transcribe … call, join … call, edit … questions … playbook, add … question … playbook, add … sales team, "
        "add … support team, add … to team, colour … widget, widget … colour, translate … conversation, translate … "
        "chat"
    ),
    # Often only the setting of a request that is served.
    "weak": (
        "signature, catering, venue, conversion rate, machine learning, football, match score, invoice number, "
        "salesforce, hubspot, pipedrive, crm, google, outlook, zoom, template, webinar, price, discount, contract, "
        "website, production, database, import, holiday, vacation, order, forecast, server, excel, marketing, "
        "product, quarter"
    ),
}
