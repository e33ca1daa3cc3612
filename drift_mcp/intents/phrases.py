"""More of what people say for each operation, beside the `intents` of its record.

The index takes the words of these phrases, not the phrases: they are examples to be near to, not answers to look up.
They are separated by semicolons.
"""

PHRASES = {
    "list_conversations": (
        "what chats do we have going right now; give me the newest threads first; GET conversations ordered by last "
        "update; Start of shift. I'd like a simple look at the current dialogs, latest first, no particular person "
        "or label.; recent threads; inbox overview; what's in the queue right now; last active dialogs; browse the "
        "chats, newest on top; pull the conversation list; which talks are ongoing at the moment; my latest "
        "tickets; no filter, just hand me the list of threads with the freshest on top; see what came in through "
        "chat; show the open ones; my morning overview of all dialogs; enumerate conversations of the whole "
        "organisation; a quick rundown of the current chats; which visitors are talking to us these days"
    ),
    "get_conversation": (
        "is chat 8812 still open and who handles it; fetch conversation object by id; metadata of thread 5512 "
        "please: assignee, tags, contact; what state is ticket 99120 in; conversation details; thread status; who "
        "is assigned to this chat; look at one ticket's state, labels and people; which tags hang on thread 99; "
        "chat 4411 header data; check whether the case is closed already; participants of chat 55; only its state, "
        "assignee and people, not the messages; find out whether chat 12 is pending; which contact is conversation "
        "12 with; tell me about ticket 12: open or closed, labels, who's on it; look at the record of a single "
        "conversation; when was this chat last updated"
    ),
    "create_conversation": (
        "message a lead who never chatted with us; reach out proactively to bob@initech.com; begin a dialog with "
        "lee@corp.io saying hello; We have no thread with tina@foo.com so far. Please open one and greet her with "
        "'Hi Tina, thanks for your interest'.; start chat with lead; new conversation by email; write first to a "
        "prospect; contact pat@hooli.com through chat, nothing exists yet; ping a visitor out of the blue; send an "
        "opening message to someone; outbound chat to sam@bar.io; we've never been in touch with her, begin a chat; "
        "open a chat with this address and send a first line; send a greeting to somebody who has no thread; "
        "initiate contact with a prospect; kick off a dialog with a new lead by mail address; start a thread from "
        "our side with a first message"
    ),
    "get_conversation_stats": (
        "tally of open vs closed tickets; number of unresolved chats; how big is our queue; Just the totals for the "
        "dashboard: open, pending and closed threads.; open chat count; conversation totals by state; how many "
        "tickets wait; number of pending and closed threads; chat volume by status; count of open conversations "
        "now; how full is the inbox; just the current totals per state; how many are open, how many closed; count "
        "the chats that wait; numbers for the wall monitor: open, pending, closed; do we have more open chats than "
        "yesterday, give me the count; backlog size"
    ),
    "search_conversations": (
        "which threads carry the label pricing and belong to Omar; chats of maria@acme.com; find tickets resolved "
        "between May 1 and May 5; I remember a talk with someone at Umbrella about SSO, look it up by tag 'sso' and "
        "assignee 441.; find chats by tag; threads assigned to agent 12; search talks by participant; conversations "
        "with a custom attribute; look for the chat about pricing; chats created last Tuesday; dialogs where "
        "sam@bar.io took part; filter tickets by assignee and label; deleted conversations; look for chats that "
        "have the tag sso; chats assigned to Priya from March; every thread with a certain customer; dig up old "
        "conversations with an address; conversations updated after a date; find the dialog by its title; threads "
        "that came in through an integration; filter conversations by several criteria"
    ),
    "list_conversations_by_status": (
        "all closed threads, including the archived ones; closed conversations; GET /conversations/status/pending; "
        "every conversation in state bulk; archived chats; only pending threads; list by state; closed tickets with "
        "the archived ones; show bulk status conversations; open ones only, archived included; status filter; give "
        "me everything that is closed, don't leave out the archived; list chats in one state; pending ones; show "
        "resolved threads with archive; all conversations whose state is open"
    ),
    "create_group_conversation": (
        "start an internal chat between users 12 and 15; put three of my colleagues in one thread; open a "
        "discussion for the support squad, no visitor involved; new group chat; internal group chat; team thread; "
        "start a discussion among agents; conversation between several reps; bring agents 3, 4 and 5 together in a "
        "chat; colleagues-only thread; multi-user conversation; a place where three agents can discuss without "
        "customers; get several teammates into one shared thread; internal thread for users 1, 2 and 3; open a room "
        "for the sales reps to talk among themselves; chat between employees only"
    ),
    "create_conversation_from_scratch": (
        "open a thread for ann@foo.io but don't say anything yet; blank conversation with title and owner; prepare "
        "an empty chat for this lead, message comes later; Create a conversation titled 'Renewal' for joe@bar.com, "
        "assigned to user 7, without sending any message.; empty chat; conversation without message; open silent "
        "thread with assignee; pre-create a ticket for a lead; set up a thread with tags and title but send "
        "nothing; conversation shell for kim@x.io; blank thread, no greeting; prepare a chat, I'll write the first "
        "line myself; open a conversation but nothing should go out; thread with title, tags and assignee, message "
        "to follow; create the conversation only, no text; set up a chat record for a lead in advance"
    ),
    "update_conversation": (
        "reassign this thread to Felix; set the ticket to pending; resolve chat 771; put the label urgent on "
        "conversation 99; hand this chat over to agent 228225; The customer is happy, so we can close thread 8812 "
        "and mark it with the tag 'won'.; close chat; reopen ticket; assign thread; tag chat; set status to closed; "
        "change the assignee; snooze it as pending; route conversation to Maya; set a custom attribute on a thread; "
        "move ticket to open again; take the tag billing off this chat; give the chat to someone else; mark as "
        "resolved; give this ticket to Priya; she's on vacation, hand her chat to Felix; this is solved, close it; "
        "mark the thread with the tag won; put the conversation back to open; replace the labels of a chat; change "
        "status, assignee or tags of conversation; write a custom property on the chat; the problem is sorted out, "
        "finish the thread; I'm done with this chat"
    ),
    "delete_conversation": (
        "remove thread 5512 entirely; purge the test chat; erase that junk conversation; get rid of ticket 771 and "
        "its messages; delete chat; remove thread for good; erase spam ticket; wipe a conversation; bin the test "
        "thread; destroy chat 12 with all its messages; permanently remove conversation; the test chat should "
        "vanish with its messages; closing isn't enough, it has to go; make this thread disappear for ever; remove "
        "the whole conversation with everything said in it; somebody spammed us, get rid of that chat; erase thread "
        "and all messages in it"
    ),
    "get_conversation_transcript": (
        "what did the customer tell us in chat 99; let me read through thread 5512; catch me up on the discussion "
        "with Acme in conversation 8812; I take over this chat from a colleague and have to know everything that "
        "was said in it, from the beginning.; read chat; transcript; what was said; conversation text; full dialog "
        "to read; recap what the visitor and agent wrote; print the thread as text; so I can summarise the chat; "
        "show me the whole talk; what are they complaining about in chat 12; what is this chat about; tell me what "
        "they discussed; as ordinary text from top to bottom; everything that was written, with internal remarks; I "
        "need to read up on a conversation before a call; what has the prospect asked so far; let me see the "
        "dialogue in full; the complete exchange as plain text"
    ),
    "get_conversation_transcript_json": (
        "machine-readable dump of chat 99; all messages of a thread as JSON for my parser; transcript in structured "
        "format; I need conversation 771 as objects for our data pipeline, everything in one call.; json "
        "transcript; chat export as data; structured messages; raw transcript for code; thread as an array of "
        "message objects; complete log in machine format; transcript for a script; every message as an object, not "
        "page by page; feed the whole chat to a program; conversation in a form that code can parse; download a "
        "chat log as data; full structured log in one go; give me records rather than prose"
    ),
    "list_messages": (
        "go through the posts of thread 99 one page at a time; who wrote the last line in chat 99; see which "
        "buttons the visitor clicked; messages in conversation 5512 with their ids; thread messages; list chat "
        "messages; newest message in the chat; message ids and authors; which files were attached; page through "
        "replies; posts in the conversation; when did the visitor last write; individual entries of a chat; single "
        "entries with author, buttons and attachments; ids of the messages in thread 12; show the posts page after "
        "page; check what the bot and the agent wrote, message by message; which message has the attachment; who "
        "sent what in this chat; last few messages"
    ),
    "send_message": (
        "tell the visitor we'll be right back; write 'thanks, fixed now' in thread 99; respond to the customer in "
        "chat 5512; post an answer with quick reply buttons to the visitor; The lady in conversation 8812 asks if "
        "we ship to Norway. Answer her: yes, within five days.; answer visitor; reply to chat; post message; "
        "respond in thread; send text to the customer in chat; type back; say hello in conversation 12; offer "
        "options as buttons; follow up in the open chat; get back to the visitor; private message in a thread for "
        "the team; let the customer know we're on it; say sorry to the visitor; he waits for an answer, write him; "
        "give her this link in the chat; ask the visitor for his phone number; tell them yes; confirm in the thread "
        "that it's shipped; post the following text in conversation 12; answer her question about SSO; inform the "
        "client that the bug is fixed"
    ),
    "download_attachment": (
        "grab the screenshot from the chat; fetch document 99812; I want to look at the pdf the prospect uploaded; "
        "GET /attachments/{id}/data; download attachment; get file; chat image; save the uploaded document; open "
        "pdf from the conversation; file content by document id; retrieve what the visitor uploaded; the picture "
        "itself, not its name; contents of the file he sent; I want to see the screenshot; get me the actual "
        "document; fetch the file with id 12; save the image that was uploaded in the chat"
    ),
    "get_message": (
        "fetch message 8812 of thread 99; just one message by its id; show what message 55 said; retrieve a "
        "specific chat line, id 771, from conversation 5512; one message; message by id; show message 12; single "
        "chat entry; look at a certain reply; fetch line 771; that particular post; show me that message only; "
        "nothing but message 12; the text of one particular message; look up a message whose id I have; exactly one "
        "post of the thread"
    ),
    "update_message": (
        "fix the spelling in the message I posted; reword our last reply, message 8812; PATCH message body; I told "
        "the visitor a wrong price in message 55 of chat 99. Please correct the message itself.; edit message; "
        "correct reply; change sent text; fix typo in a chat message; alter what I wrote; amend our answer in "
        "thread 99; modify message 12; I made a mistake in what I wrote, change it; our answer has a wrong number "
        "in it, fix the message; rather than posting again, correct the existing one; the sent text should read "
        "differently; replace the wording of message 12"
    ),
    "create_note": (
        "jot down an internal remark on thread 99; leave a comment on the chat that the visitor can't see; add "
        "team-only memo to conversation 5512; For my colleagues only: write on chat 771 that the budget has been "
        "approved.; add note; internal comment; private remark; leave memo on a chat; note for colleagues; write "
        "something only agents see; put a remark on the conversation for the next rep; annotate thread; write down "
        "for my teammates that he has budget; record it on the chat where the visitor can't see it; add an "
        "annotation only we can read; keep this for the next agent as an internal note; put a hidden remark on the "
        "chat; document the phone call on the thread as a private note"
    ),
    "get_note": (
        "open note 12 of chat 99; what's written in internal comment 44; fetch a single note by id; pull up the "
        "private memo 31 on thread 5512; show note; read internal comment; note by id; note details; open memo 12; "
        "see what the remark says; one note of the chat; what did Omar write in his remark; see the contents of "
        "note 12; show the internal note with this id; display the one memo"
    ),
    "update_note": (
        "tick off note 12; change the wording of the internal comment; mark the memo as done; The remark 44 on "
        "conversation 99 has the wrong date in it, put in June instead.; edit note; change remark; close note; "
        "correct internal comment; complete the memo; add a label to a note; note is done; rewrite annotation 12; "
        "that remark is taken care of; the note has outdated text, change it; set note 12 to closed; finish the "
        "internal comment; replace the text of the memo; the to-do note on this chat is dealt with"
    ),
    "create_contact": (
        "put a new prospect into Drift: Kim, kim@x.io; store this visitor as a lead; POST /contacts with email and "
        "phone; We met Jo Hill at the fair, jo@hill.com, +49 171 555, CEO. She isn't in Drift yet, so set her up.; "
        "add lead; new person; create contact; save prospect; register visitor with name, mail and phone; enter "
        "someone we met; new customer record; capture an inbound lead; insert a contact; she isn't known to Drift, "
        "put her in; add Jane Doe, CTO, jane@x.io as a person; enter a lead with phone and title; we got a business "
        "card, save it; a new prospect filled in the form; make a record for this visitor; start a contact record "
        "with custom attributes"
    ),
    "get_contact": (
        "show lead 1261122150; person details for contact id 55; what do we know about visitor 8812; fetch contact "
        "record by Drift id; contact details; show lead; person by id; who is contact 12; visitor profile; open the "
        "customer record; look at lead's attributes; read contact; who is this; tell me about the visitor with id "
        "12; everything we have on contact 12's record; open lead 12 and show name, company, address; the chat only "
        "shows a contact id, who's that; read the attributes of a person"
    ),
    "find_contacts_by_email": (
        "do we have mia@foo.com on file; look for people with address sam@bar.io; which leads use the mail "
        "info@acme.com; Before adding max@corp.de I'd like to know whether that address exists among our contacts "
        "already.; find by email; email lookup; search contact with address; is this mail known; person behind "
        "sam@bar.io; leads having the address x@y.com; check if an email exists; contacts with this email; is there "
        "someone with this address; does anybody use kim@x.io; could be more than one record with the mail; check "
        "the address before I add it; which records carry this e-mail; I only know his mail, look him up; do we "
        "know this address already"
    ),
    "find_contacts_by_external_id": (
        "contact for our customer id CUST-99; look up people by Salesforce id; which lead is number 8812 in our own "
        "database; I've a list of keys from our CRM and need the matching Drift contacts.; lookup by crm id; "
        "contact by external id; who has our customer number 12; find by own key; map our ids to Drift contacts; "
        "people by hubspot id; our user id 77 in Drift; which people have these ids of ours; we store numbers of "
        "our ERP on contacts, find those; I know only the id from our own shop; look up a person by the reference "
        "in our backend; customers 12 and 13 of our database in Drift"
    ),
    "update_contact": (
        "change the phone of lead 55; set company size attribute on the visitor; correct the name of contact "
        "1261122150; The prospect 8812 got promoted to VP, update her title.; edit contact; change lead data; new "
        "phone for contact; set attribute; enrich person; update job title; fix a visitor's name; correct the email "
        "of lead 12; modify customer record; save lead score on contact; she changed jobs, put the new title into "
        "her record; his number is different now; add the company size to the lead; fill in missing details of "
        "contact 12; he moved to another plan, note it in his attributes; record the lead score on the person; set "
        "several attributes on contact 12; correct the spelling of her name"
    ),
    "update_contact_by_external_id": (
        "write new attributes to customer 99 from our CRM; patch contact by external id; push plan change to the "
        "person with our own id CUST-7; Our billing knows her as customer number 4411, I don't have the Drift id, "
        "set her plan to gold.; update by crm id; sync our record to Drift; patch customer by own id; push changes "
        "by external id; set plan for our customer number 12; write attributes using salesforce id; change contact "
        "by our key; I only have our id, write the new plan; for customer key C-7 set the attributes; nightly sync "
        "of changed fields by our own key; change the person that we call 4411; no Drift id at hand, update by the "
        "number from our system"
    ),
    "delete_contact": (
        "remove lead 55; this contact is a duplicate, take it away; delete visitor 8812 from the list; drop the "
        "test lead from our contacts; delete lead; remove contact; drop person; duplicate contact, remove it; trash "
        "visitor; get rid of contact 12; kill fake lead; take somebody out of our contacts; a test person that "
        "should not show up any longer; it's no real lead, take it out of our views; this visitor record is "
        "obsolete; remove a duplicate person; the contact should not appear in searches any more; we have her "
        "twice, delete the second record"
    ),
    "unsubscribe_emails": (
        "take joe@bar.com off all our emails; he doesn't want our mails any more; opt out these five addresses; She "
        "complained about our mails. Make sure that ann@foo.io never receives one again.; opt out; unsubscribe; "
        "stop mails; no more emails to x@y.com; suppress addresses; remove from mailings; email opt-out; don't mail "
        "these people any longer; he hit unsubscribe, respect it; he asked not to be mailed; she no longer wants "
        "mail from us; put these on the do-not-mail list; stop all mailings to an address; they complained about "
        "spam, opt them out; make sure no more mails go to these people; several addresses want out of our mailing "
        "list"
    ),
    "list_contact_attributes": (
        "which fields can a lead have; names of all custom contact properties; contact field definitions; Before "
        "syncing I want to know what attributes people have in Drift and their types.; contact fields; custom "
        "attributes; what can be stored on a lead; attribute names and types; person schema; available contact "
        "properties; list properties of contacts; fields for visitors; what can I fill in on a person; which "
        "properties do visitors have and what type are they; the data model of contacts; does an attribute for "
        "region exist; schema of lead fields; valid attribute names before I write one"
    ),
    "list_contacts": (
        "find people tagged partner; all leads; search for a prospect called Miller; which visitors have plan = "
        "enterprise; all contacts; search leads; find people by tag; list customers; prospects with custom "
        "attribute; look for someone named Anna; people with label vip; whole contact base; browse persons; leads "
        "from Berlin; I don't have the address, only a name; everybody whose region is EMEA; people who carry the "
        "label beta; search persons by a word; export-like list of all leads; find someone by name and company; "
        "contacts with certain tags and attributes"
    ),
    "match_contact_email": (
        "which single contact owns the address ann@foo.io; match this email with a person, don't create one; whose "
        "email is kim@x.io; resolve the address to one lead; match email; resolve address to contact; whose "
        "address; exact contact for email; one person for this address, no creation; identify the owner of an "
        "email; which contact belongs to the address; the one person behind an address, never make a new one; to "
        "whom does the mail belong; find exactly one contact for the address; tell me who that mail is, nothing "
        "should be created; give me the lead that matches this email"
    ),
    "create_contact_from_email": (
        "make a contact out of 'Ann Lee <ann@foo.io>'; I have only a mail header, turn it into a lead; upsert "
        "contact from raw email; add a person from an address line, updating it if it is there; contact from raw "
        "email; parse 'Jo Doe <jo@x.io>'; upsert by address; add sender as contact; create lead from an email "
        "header; signature to contact; turn an address into a contact; create or update person from mail; all I "
        "have is the From line; create or refresh a person out of an address line; take the sender 'Ana Ruiz "
        "<ana@x.io>' and make her a contact; just the mail address and a display name, make a person of it; add "
        "whoever is in this header; raw address into a lead record"
    ),
    "post_timeline_event": (
        "log that the customer attended our webinar; record an activity on a lead's timeline; put 'contract signed' "
        "on the timeline of contact 55; Whenever somebody upgrades in our shop, this should show in their history "
        "in Drift. Add it for lead 8812.; add timeline event; log activity; record purchase on contact; track event "
        "for lead; post an event from our app; add 'trial ended' to history of a person; write an entry to the "
        "timeline; customer renewed, log it; external event for contact; a trial started in our product, show it in "
        "his history; when they buy something it should appear on the timeline; write an activity for contact 12; "
        "our app wants to report that the user logged in; add a milestone to a person's activity feed; the customer "
        "downloaded the ebook, put it on record; note an occurrence from another tool on the lead"
    ),
    "get_contact_timeline": (
        "what has lead 55 done so far; activity feed of the visitor; show me the events of contact 8812; the story "
        "of this prospect: every event, newest first; contact history; timeline; lead activity; what did this "
        "person do; events of contact; journey of a visitor; activities logged for lead 12; past interactions of a "
        "customer; everything that has happened with contact 12; her previous activities, newest on top; what is on "
        "this person's timeline; which events have we recorded for the lead; has he done anything lately; look at "
        "the past of a customer"
    ),
    "add_contact_tags": (
        "label the lead as hot; put the tag partner on contact 55; tag person 8812 with vip and emea; Could you "
        "mark our new prospect 55 with the labels beta and friend?; tag contact; label lead; add tags to person; "
        "mark contact as vip; attach label to visitor; give customer a tag; put prospect in category partner; tag "
        "people; he came to our event, label him; give person 12 the labels a and b; classify a lead with a tag; "
        "assign tags to a contact; this visitor should carry the tag vip; stick a label on the customer"
    ),
    "remove_contact_tag": (
        "take the vip tag off contact 55; untag lead; she is no partner any more, remove that label from contact "
        "8812; delete one tag of a person; untag contact; remove one tag from lead; take label off person; drop vip "
        "tag of customer; contact should lose label beta; delete label from contact; tag off; he's still labelled "
        "trial, take that off; she should not carry the tag any more; only this single label comes off; erase the "
        "label vip from her record; person 12 loses one tag, the others stay"
    ),
    "remove_contact_tags": (
        "strip the tags hot, cold and old off lead 55; remove several labels from a contact; bulk untag visitor "
        "8812; clear all of these labels of person 55 in one go: a, b, c; bulk untag; remove many tags from lead; "
        "clear labels of person; drop several tags at once; take tags a, b and c off contact 12; strip labels; "
        "remove multiple labels; take all three labels off in one go; remove tags a, b and c; two wrong labels on "
        "this lead, get rid of both; clean up a person's labels at once; wipe these tags from contact 12"
    ),
    "list_accounts": (
        "show our companies; every firm we have in Drift; overview of target accounts; I need all customer accounts "
        "with owners for a spreadsheet.; all companies; list accounts; firms; account overview; which customers "
        "accounts exist; companies we target; organizations in Drift; browse accounts; company list; full list of "
        "companies with owner and domain; which organisations do we track; all customer firms; what accounts are "
        "there; look for the account with the domain acme.com; target account list for the territory plan; "
        "enumerate our business customers"
    ),
    "get_account": (
        "who is the owner of Acme's account; details of company 123_acme.com; fetch account by id; show me the "
        "custom properties of the firm Globex; show account; company details; account owner; look at firm 12; who "
        "owns the company; domain and properties of an account; read account record; is the account targeted; who "
        "is responsible for this company; show the tier and owner of Acme; facts about one account; what have we "
        "stored on company 12; is this firm a target account; read the custom properties of account 12"
    ),
    "create_account": (
        "add the firm Hooli, hooli.com; new company; set up a target account for Initech; Please register a company "
        "called Wonka with the domain wonka.com owned by Felix.; add company; new account; register firm; create "
        "organization; insert account with domain; new target company; put Acme in as an account; start an account "
        "record; we signed a new named company that is missing; add Globex with domain and owner; register an "
        "organisation; enter a company that we don't have; create the account for stark.com and mark it as "
        "targeted; a firm should be added to our target list"
    ),
    "update_account": (
        "make Ines the owner of Globex; rename company 123_acme.com; set account tier to gold; The firm Acme moved "
        "to acme.io, change its domain.; edit company; change owner; set tier of account; account properties; "
        "rename firm; target this account; assign company to rep; update domain; un-target account; reassign "
        "account to Dana; the company should now be owned by Felix; mark Globex as a target; Acme has a new name; "
        "set custom property tier on the company; hand the account to another rep; change the domain of a firm; the "
        "account manager changed"
    ),
    "delete_account": (
        "drop the company Hooli; remove account 123_acme.com; Initech went bankrupt, delete them as an account; "
        "erase a firm from the account list; delete company; remove account; drop firm; get rid of an organization; "
        "account is obsolete; erase company record; the firm was merged into another, remove it; this company "
        "should disappear from the list; account made by mistake; the business closed, delete its account; take a "
        "company out of Drift"
    ),
    "list_company_people": (
        "everyone we know at Acme; contacts who work for 123_acme.com; employees of the customer Globex; who do we "
        "talk to at Hooli; company contacts; people at acme; who works there; leads of an account; persons at this "
        "firm; contacts belonging to a company; staff at customer; everyone from the organisation 12; all persons "
        "that work for company 12; who do we know there; give me our contacts at Globex; which leads are from Acme; "
        "employees on the customer's side; people who belong to account 12"
    ),
    "list_company_teams": (
        "which of our teams handles Globex; teams serving company 123_acme.com; company teams; what squads are in "
        "charge of the client Initech; company's teams; teams for account; who covers this company; our teams on "
        "account 12; responsible team of a firm; which group works with customer Acme; who is in charge of them on "
        "our side; our teams that deal with Globex; which squads serve company 12; teams that take care of this "
        "account; who covers the customer, by team"
    ),
    "list_users": (
        "who are all our reps; which colleagues are online; show every agent with availability; list staff accounts "
        "in Drift; all agents; list reps; who is online; team members; staff list; available colleagues; users with "
        "ids; everyone on Drift incl. bots; find the id of an agent; which agent is free to take a chat; "
        "availability overview; who can take a chat right now; reps with ids and availability; I look for a "
        "colleague called Ines; everybody who works with Drift on our side; which agents are away; the whole staff "
        "with their ids; show our sales people; who is on duty"
    ),
    "get_user": (
        "is agent 55 available; show rep 228225; what's Dana's time zone and role, her user id is 12; user profile "
        "by id; user details; agent info; is Maya available; show colleague; role of rep 12; look up a user; time "
        "zone of agent; who is this rep; agent's email; what role and time zone does agent 12 have; who is user 12; "
        "is she online at the moment; the chat is assigned to user 12, who's that; mail address of a colleague; "
        "show one rep"
    ),
    "get_users": (
        "names for user ids 5, 6 and 7; look up multiple agents in one call; resolve a batch of user ids; I have "
        "the ids 11, 12, 13 of reps. Who are they? One request please.; several users; multiple agents by id; batch "
        "user lookup; resolve user ids; names of agents 1, 2, 3; many users in one call; get these reps; what are "
        "the names of users 1, 2 and 3; fetch these colleagues by id in a single request; turn a list of agent ids "
        "into names; details of several reps; look up five agents together"
    ),
    "update_user": (
        "set me to away; PATCH the user availability; change Dana's alias to DD; mark rep 55 as offline; new "
        "profile picture for agent 12; set away; change availability; agent offline; edit user alias; user's phone; "
        "change display name of rep; avatar of an agent; mark me online; update colleague's locale; put Maya on "
        "available; edit agent profile; I'm off to lunch, set me offline; switch Dana to available; back from "
        "vacation, make me online; her display name should be Dee; new photo for a colleague; change a rep's phone "
        "number; correct the e-mail of an agent; mark the agent as away so that no chats get routed"
    ),
    "list_teams": (
        "what teams do we have; show all squads and their members; departments of our organisation in Drift; who is "
        "on the support team; all teams; which teams exist; team members; list departments; groups of agents; teams "
        "in org; who is in team sales; team overview; who is a member of which team; how is our organisation "
        "divided into groups; names of all teams; people on the sales team; overview of squads; what routing groups "
        "are there; teams in the company with members"
    ),
    "list_user_teams": (
        "which groups is rep 55 a member of; teams for user 228225; what teams does Priya belong to; squads that "
        "colleague 12 is part of; teams of user; user's teams; which team is Maya in; rep's groups; membership of "
        "agent 12; where does this colleague belong; teams I'm on; which teams is she in; groups a colleague is "
        "part of; only the teams of this one rep; is Maya on the sales team; what squads does user 12 sit in; "
        "memberships of an agent"
    ),
    "list_booked_meetings": (
        "demos scheduled for next week; calendar for tomorrow; what appointments come up between the 3rd and the "
        "9th; agenda of booked calls today; upcoming meetings; booked demos; this week's appointments; meetings "
        "next month; schedule for Thursday; calls coming up; calendar overview; what was booked last week through "
        "Drift; meetings between two dates; what is on for next week; which demos are booked; appointments between "
        "Monday and Friday; meetings that visitors booked through the widget; how does the calendar look tomorrow; "
        "calls planned for this month; next appointments"
    ),
    "list_meetings": (
        "find calls hosted by Omar; search appointments with bob@initech.com; which demos had 'renewal' in the "
        "subject; look for meetings longer than an hour created in May; search meetings; meetings by host; find a "
        "demo with lead; appointments of Maya; meetings about onboarding; calls longer than 30 minutes; meetings "
        "located in Zoom; cancelled or changed meetings since Monday; meetings with participant sam@bar.io; find "
        "the meeting that Omar hosted; the call with someone from Hooli about onboarding; appointments whose "
        "subject contains renewal; which meetings did Dana create; meetings a certain person takes part in; demos "
        "held in Zoom; look up a meeting by subject or place; meetings that run right now"
    ),
    "get_meeting": (
        "when is meeting 5521; details of appointment 87; who attends demo 9043; fetch meeting by id; meeting "
        "details; show appointment; when is the demo; who is invited; one meeting by id; where does the call take "
        "place; info on meeting 12; when and where is appointment 12; I have only the meeting's number, show it; "
        "who takes part in meeting 12; what is meeting 12 about; start time of the demo; everything on this one "
        "appointment"
    ),
    "create_meeting": (
        "set up a call with the visitor tomorrow at 3 pm; schedule an appointment for this chat; put a demo in the "
        "calendar for conversation 99; The lead wants a demo on Friday at ten for 30 minutes, please arrange it.; "
        "book meeting; schedule demo; new appointment; arrange call; set up a meeting with the lead; fix a date "
        "with the visitor of this chat; reserve a slot; put a meeting on the calendar; plan a call; he would like a "
        "demo on Thursday; put a call in the calendar for this visitor; agree on Tuesday at ten, book it; she wants "
        "to talk to us, schedule something; make an appointment from the chat; set a date for a call with the lead; "
        "reserve half an hour with the prospect"
    ),
    "update_meeting": (
        "move appointment 87 to Monday; postpone the demo by an hour; change the location of meeting 5521; push the "
        "call back to 4 pm; reschedule; move meeting; change meeting time; shift demo to Friday; edit subject of "
        "appointment; new location for the call; postpone; extend the call by 15 minutes; add notes to the meeting; "
        "can't make it at two, shift to four; do it an hour later and on Zoom; make the appointment shorter; "
        "another subject for meeting 12; the demo should be a day earlier; change time and place of a meeting; "
        "write notes into the appointment; rename the call"
    ),
    "delete_meeting": (
        "cancel appointment 87; the demo isn't happening, take it off the calendar; drop meeting 9043; the customer "
        "can't make it and does not want another date, so remove the call; cancel meeting; call off demo; remove "
        "appointment; delete call; customer cancelled, take meeting out; no meeting after all; scrap the "
        "appointment; the client won't come and wants no other date; strike the appointment; there will be no demo; "
        "take meeting 12 off the calendar; cancel without a new date; the call does not take place"
    ),
    "add_meeting_participant": (
        "invite jo@hill.com to demo 87; add my boss to the call; put Ana on the list of attendees of meeting 5521; "
        "loop in a colleague on the appointment; invite to meeting; add attendee; add participant; bring someone "
        "into the demo; extra guest for call; one more person should join appointment 12; invite the CTO too; "
        "include jo@x.io in the meeting; their CTO wants to join as well; put her on the meeting; one more guest "
        "for appointment 12; the head of security should be there too; send an invitation for meeting 12 to "
        "ana@x.io; have my boss attend the call"
    ),
    "list_playbooks": (
        "what bots are running on the website; show active playbooks; which chatbots do we have and what are their "
        "goals; all bot flows that are switched on; list bots; playbooks; active playbooks; bots on the site; which "
        "chatbots are live; chat flows; bot goals; interaction ids; what automations run on the website; which bots "
        "greet people on the website; what is live at present; goals of our chatbots; I need the id of a bot flow; "
        "all automations that are enabled; what conversation flows are there"
    ),
    "list_landing_pages": (
        "our conversational pages; links of chat landing pages; CLPs; which landing pages with chat exist and what "
        "is their url; landing pages; clp list; chat pages; conversational pages and urls; page links; which pages "
        "exist for chat; landing page addresses; link of our chat page for the campaign; which conversational pages "
        "exist; URLs of pages where people chat; chat-first pages; all pages of the type landing"
    ),
    "trigger_driftbot": (
        "let the chatbot take over in thread 99; launch the qualification bot in this conversation; have driftbot "
        "jump in; fire the bot with action 12 in chat 771; start bot; trigger driftbot; let bot answer; run "
        "qualification; bot flow in chat; hand the visitor to the bot; make the bot ask; kick off a flow for thread "
        "12; bot should take it from here; let the bot carry on in chat 12; I have to leave, the bot shall take "
        "over; make the robot ask the qualifying questions; begin a flow in the thread; activate driftbot for this "
        "visitor; start the automated assistant in conversation 12; get driftbot going"
    ),
    "update_driftbot_message": (
        "change the question the bot is asking right now; edit driftbot's prompt; the bot shows the wrong text in "
        "chat 99, fix it; replace what the chatbot says in the running flow; edit bot message; change bot prompt; "
        "revise bot question; bot's current text; rewrite what the bot says; alter the prompt in flight; driftbot "
        "wording; the bot asks the wrong thing; the bot asks for a phone number we know, change the question; "
        "different wording for what the bot shows now; put another prompt in front of the visitor; correct the "
        "automated message in this chat; the robot's text in chat 12 is wrong; reword the chatbot's question"
    ),
    "create_tag": (
        "add a tag 'renewal' for conversations; define new label; we need another tag called upsell in red; make a "
        "tag agents can use on chats; new tag; create label; add conversation tag; define tag; another label for "
        "chats; make tag pricing; set up a tag for reporting; there's no tag for this so far, make one; we want to "
        "mark chats about a topic, set up a label; introduce a new label for threads; a category for conversations "
        "called drone, in green; define a marker reps can use"
    ),
    "get_tag": (
        "look up tag 55; what color is label 12; is tag 99 still enabled; tag info; show tag; tag details; tag by "
        "id; what does this label mean; tag color; describe tag; read label 12; tag description; what is tag 12 "
        "called and meant for; look at one label; which colour does the tag have; meaning of the label; is this tag "
        "in use or disabled; info on conversation label 12"
    ),
    "update_tag": (
        "rename label 12 to churn; make the tag green; disable tag 55; give conversation tag 99 a new description; "
        "rename tag; recolor label; edit tag; disable tag; change tag description; turn the label off; switch tag "
        "on again; other colour for tag; the label should be called billing from now on; paint the tag blue; retire "
        "the label but keep it; switch a tag off; write a description for the label; give the tag another name; "
        "re-enable conversation tag 12"
    ),
    "delete_tag": (
        "delete tag 55; remove the label old from all conversations; we don't use that tag any more, delete it "
        "completely; drop conversation label 12; delete tag; remove label everywhere; drop tag; erase conversation "
        "label; kill the tag; tag no longer needed; get rid of a chat tag; nobody uses this label any more; the tag "
        "should disappear everywhere, also from old chats; throw away a conversation tag; get rid of the label for "
        "good; eliminate tag 12 from every thread"
    ),
    "report_conversations": (
        "time to first response for each chat in May; how quickly do we answer; conversation report with close "
        "times; per-chat metrics for last quarter; response times; conversation report; time to close; chat "
        "metrics; how fast are we answering; first reply time per chat; sla figures; slowest conversations; agent "
        "performance; handling times of last month; chats without an answer; row per conversation; how long did "
        "each chat wait for the first answer; how fast do we reply; which chats broke the SLA; figures for each "
        "conversation of last week; row by row the time until closing; how long do visitors wait; performance of "
        "support by conversation; list chats with their response times"
    ),
    "summarize_conversation_metrics": (
        "average time to close overall; mean first response time this month; one aggregated figure for handling "
        "time; on average, how many messages does a chat have; average response time; overall metrics; aggregate "
        "report; mean close time; averages; total figures over all chats; metric summary; median time to reply; "
        "averaged statistics of conversations; a single number for the quarter; only one figure: the average over "
        "all chats; the mean number of messages; typical time to close over the quarter; no rows, just the "
        "aggregate; overall response time for the board; combined figures for all conversations; average handling "
        "time"
    ),
    "get_token_info": (
        "what permissions does our API key have; when does the token expire; check scopes; which org is this token "
        "for; token scopes; permissions; is token valid; which org; token expiry; what may we do; access rights of "
        "our key; check token; granted scopes; credential info; when does our access end; my calls get a 403, check "
        "our scopes; what are we allowed to do; for which organisation is this key; is the credential still good; "
        "how long does our access last; which rights were granted; why is access denied, look at the token"
    ),
    "uninstall_app": (
        "remove the integration from Drift; disconnect; revoke our app; pull our app out of the customer's Drift "
        "for good; uninstall; remove app; disconnect drift; revoke integration; delete our app from the org; cut "
        "the connection; stop using Drift, remove the integration; kill the installation; the client ended the "
        "contract, remove our integration; cut our app off from their Drift; we no longer want the connection; take "
        "the integration out for ever; kill the access and disconnect the org"
    ),
    "retrieve_personal_data": (
        "GDPR export for ann@foo.io; she asked for a copy of the data we store about her; handle a subject access "
        "request; collect everything Drift knows about joe@bar.com and mail it to the owner; gdpr request; data "
        "export of a person; access request; all data on someone; privacy: what do we store; send the owner "
        "everything about ann@x.io; personal data report; dsar; right of access; what do we hold about her, have it "
        "collected; article 15 request; he wants to know what data we have; mail all information on a person to the "
        "owner; give the customer a copy of his data; privacy request: export; compile everything on ann@x.io"
    ),
    "delete_personal_data": (
        "forget joe@bar.com completely; GDPR deletion; wipe all data we have on this person; he wants to be "
        "forgotten, erase everything about him; gdpr erasure; forget person; erase data; right to be forgotten; "
        "privacy deletion; wipe someone; remove all personal data for good; person demands deletion of everything; "
        "purge all traces of ann@x.io; article 17, erase everything; she insists that nothing about her remains; "
        "permanently remove all data of an address; legally required deletion of a person; wipe everything on this "
        "individual, it can't be undone; withdraws consent and wants all data gone; never want to be found in our "
        "systems again"
    ),
    "list_scim_users": (
        "all SCIM users; which seats do we have in provisioning; GET /scim/Users; users as the identity provider "
        "sees them; scim users; provisioned users; list seats; idp user list; who has a licence; directory users; "
        "users in provisioning; all licences in use; scim filter by username; which users came from Okta; who "
        "occupies a seat; all identity records; provisioned accounts for the licence audit; active and inactive "
        "seats; users known to the directory sync; look for a username in SCIM"
    ),
    "get_scim_user": (
        "SCIM record of Dana; fetch scim user by id; is seat 2180056 still active; provisioned role and mail of "
        "user 55; scim user; one seat; seat status; provisioning record; scim role of user; identity record; is the "
        "licence active; how does Okta's user 12 look in Drift; the identity record of one person; is his licence "
        "active and which role; one provisioned user; check a single seat"
    ),
    "provision_scim_user": (
        "create a seat for new hire Lee; onboard ines@ourco.com; add an agent account for our new colleague; POST "
        "/scim/Users; add user; new seat; onboard colleague; create agent; provision; give licence; new employee "
        "access; add rep to Drift; invite a teammate; add somebody as an admin; new hire needs login; she joins on "
        "Monday and needs access; give our new employee a login; add somebody to the workspace as agent; a "
        "colleague requires a licence; set up an account for the new rep; new starter in sales, create the seat; "
        "let him into Drift with the role member; create a user"
    ),
    "replace_scim_user": (
        "PUT scim user 55; overwrite Dana's whole identity record; full replacement of the provisioned user; "
        "replace all SCIM attributes of seat 12; replace user; overwrite scim record; full update of seat; put scim "
        "user; substitute identity data; rewrite the whole provisioning record; idp full push; the idp sends the "
        "full record, take it; whatever is there should be replaced; overwrite everything on the seat, empty what "
        "is missing; complete new identity record for user 12; full PUT of a user"
    ),
    "update_scim_user": (
        "promote Dana to admin; suspend user 55 without deleting; change role of seat 2180056; PATCH scim user "
        "active=false; change role; make admin; deactivate user; reactivate seat; disable login; patch scim; pause "
        "access; rename provisioned user; change seat's phone; downgrade to member; lock user for now; she's on "
        "leave, seat inactive meanwhile; make him an admin; take admin rights away from Dana; change the role of an "
        "agent; block a login for the time being; let the user back in; set active to false; promote the rep; "
        "family name changed in the directory; give her the admin role"
    ),
    "deprovision_scim_user": (
        "Felix left, remove his seat; offboard Lee Park; free the licence of user 55; DELETE scim user; remove "
        "user; delete seat; offboard; take away licence; fire agent; colleague left; remove rep from Drift; revoke "
        "seat; ex-employee access removal; delete agent account; last day was yesterday, take the licence away; he "
        "quit, remove his login; we don't want to pay for the seat any more; delete the user from Drift; cancel the "
        "licence of an employee who left; free a seat for good; dismiss the agent from the workspace"
    ),
    "list_events": (
        "what's been going on in Drift today; latest events; anything new since this morning; feed of everything "
        "that happened in the last hour; recent events; what happened; activity stream; latest activity; news in "
        "Drift; events since yesterday; what's new; anything happening; event feed; changes in the last 24 hours; "
        "what happened while I was out; chats, contacts, meetings: anything new; catch me up on the last hours "
        "across Drift; what changed since Monday; activity log of the organisation; news since lunch; did anything "
        "come in overnight"
    ),
}
