"""More of what people say for each operation, beside the `intents` of its record: examples to be near to, not answers to look up.

Phrases are separated by semicolons.
"""

PHRASES = {
    "list_conversations": (
        "what chats do we have going right now; give me the newest threads first; GET conversations ordered by last "
        "update; Start of shift. I'd like a simple look at the current dialogs, latest first, no particular person or "
        "label.; recent threads; inbox overview; what's in the queue right now; last active dialogs; browse the "
        "chats, newest on top; pull the conversation list; which talks are ongoing at the moment; my latest tickets"
    ),
    "get_conversation": (
        "is chat 8812 still open and who handles it; fetch conversation object by id; metadata of thread 5512 please: "
        "assignee, tags, contact; what state is ticket 99120 in; conversation details; thread status; who is assigned "
        "to this chat; look at one ticket's state, labels and people; which tags hang on thread 99; chat 4411 header "
        "data; check whether the case is closed already; participants of chat 55"
    ),
    "create_conversation": (
        "message a lead who never chatted with us; reach out proactively to bob@initech.com; begin a dialog with "
        "lee@corp.io saying hello; We have no thread with tina@foo.com so far. Please open one and greet her with 'Hi "
        "Tina, thanks for your interest'.; start chat with lead; new conversation by email; write first to a "
        "prospect; contact pat@hooli.com through chat, nothing exists yet; ping a visitor out of the blue; send an "
        "opening message to someone; outbound chat to sam@bar.io"
    ),
    "get_conversation_stats": (
        "tally of open vs closed tickets; number of unresolved chats; how big is our queue; Just the totals for the "
        "dashboard: open, pending and closed threads.; open chat count; conversation totals by state; how many "
        "tickets wait; number of pending and closed threads; chat volume by status; count of open conversations now; "
        "how full is the inbox"
    ),
    "search_conversations": (
        "which threads carry the label pricing and belong to Omar; chats of maria@acme.com; find tickets resolved "
        "between May 1 and May 5; I remember a talk with someone at Umbrella about SSO, look it up by tag 'sso' and "
        "assignee 441.; find chats by tag; threads assigned to agent 12; search talks by participant; conversations "
        "with a custom attribute; look for the chat about pricing; chats created last Tuesday; dialogs where "
        "sam@bar.io took part; filter tickets by assignee and label; deleted conversations"
    ),
    "list_conversations_by_status": (
        "all closed threads, including the archived ones; closed conversations; GET /conversations/status/pending; "
        "every conversation in state bulk; archived chats; only pending threads; list by state; closed tickets with "
        "the archived ones; show bulk status conversations; open ones only, archived included; status filter"
    ),
    "create_group_conversation": (
        "start an internal chat between users 12 and 15; put three of my colleagues in one thread; open a discussion "
        "for the support squad, no visitor involved; new group chat; internal group chat; team thread; start a "
        "discussion among agents; conversation between several reps; bring agents 3, 4 and 5 together in a chat; "
        "colleagues-only thread; multi-user conversation"
    ),
    "create_conversation_from_scratch": (
        "open a thread for ann@foo.io but don't say anything yet; blank conversation with title and owner; prepare an "
        "empty chat for this lead, message comes later; Create a conversation titled 'Renewal' for joe@bar.com, "
        "assigned to user 7, without sending any message.; empty chat; conversation without message; open silent "
        "thread with assignee; pre-create a ticket for a lead; set up a thread with tags and title but send nothing; "
        "conversation shell for kim@x.io; blank thread, no greeting"
    ),
    "update_conversation": (
        "reassign this thread to Felix; set the ticket to pending; resolve chat 771; put the label urgent on "
        "conversation 99; hand this chat over to agent 228225; The customer is happy, so we can close thread 8812 and "
        "mark it with the tag 'won'.; close chat; reopen ticket; assign thread; tag chat; set status to closed; "
        "change the assignee; snooze it as pending; route conversation to Maya; set a custom attribute on a thread; "
        "move ticket to open again; take the tag billing off this chat; give the chat to someone else; mark as "
        "resolved"
    ),
    "delete_conversation": (
        "remove thread 5512 entirely; purge the test chat; erase that junk conversation; get rid of ticket 771 and "
        "its messages; delete chat; remove thread for good; erase spam ticket; wipe a conversation; bin the test "
        "thread; destroy chat 12 with all its messages; permanently remove conversation"
    ),
    "get_conversation_transcript": (
        "what did the customer tell us in chat 99; let me read through thread 5512; catch me up on the discussion "
        "with Acme in conversation 8812; I take over this chat from a colleague and have to know everything that was "
        "said in it, from the beginning.; read chat; transcript; what was said; conversation text; full dialog to "
        "read; recap what the visitor and agent wrote; print the thread as text; so I can summarise the chat; show me "
        "the whole talk; what are they complaining about in chat 12"
    ),
    "get_conversation_transcript_json": (
        "machine-readable dump of chat 99; all messages of a thread as JSON for my parser; transcript in structured "
        "format; I need conversation 771 as objects for our data pipeline, everything in one call.; json transcript; "
        "chat export as data; structured messages; raw transcript for code; thread as an array of message objects; "
        "complete log in machine format; transcript for a script"
    ),
    "list_messages": (
        "go through the posts of thread 99 one page at a time; who wrote the last line in chat 99; see which buttons "
        "the visitor clicked; messages in conversation 5512 with their ids; thread messages; list chat messages; "
        "newest message in the chat; message ids and authors; which files were attached; page through replies; posts "
        "in the conversation; when did the visitor last write; individual entries of a chat"
    ),
    "send_message": (
        "tell the visitor we'll be right back; write 'thanks, fixed now' in thread 99; respond to the customer in "
        "chat 5512; post an answer with quick reply buttons to the visitor; The lady in conversation 8812 asks if we "
        "ship to Norway. Answer her: yes, within five days.; answer visitor; reply to chat; post message; respond in "
        "thread; send text to the customer in chat; type back; say hello in conversation 12; offer options as "
        "buttons; follow up in the open chat; get back to the visitor; private message in a thread for the team"
    ),
    "download_attachment": (
        "grab the screenshot from the chat; fetch document 99812; I want to look at the pdf the prospect uploaded; "
        "GET /attachments/{id}/data; download attachment; get file; chat image; save the uploaded document; open pdf "
        "from the conversation; file content by document id; retrieve what the visitor uploaded"
    ),
    "get_message": (
        "fetch message 8812 of thread 99; just one message by its id; show what message 55 said; retrieve a specific "
        "chat line, id 771, from conversation 5512; one message; message by id; show message 12; single chat entry; "
        "look at a certain reply; fetch line 771; that particular post"
    ),
    "update_message": (
        "fix the spelling in the message I posted; reword our last reply, message 8812; PATCH message body; I told "
        "the visitor a wrong price in message 55 of chat 99. Please correct the message itself.; edit message; "
        "correct reply; change sent text; fix typo in a chat message; alter what I wrote; amend our answer in thread "
        "99; modify message 12"
    ),
    "create_note": (
        "jot down an internal remark on thread 99; leave a comment on the chat that the visitor can't see; add "
        "team-only memo to conversation 5512; For my colleagues only: write on chat 771 that the budget has been "
        "approved.; add note; internal comment; private remark; leave memo on a chat; note for colleagues; write "
        "something only agents see; put a remark on the conversation for the next rep; annotate thread"
    ),
    "get_note": (
        "open note 12 of chat 99; what's written in internal comment 44; fetch a single note by id; pull up the "
        "private memo 31 on thread 5512; show note; read internal comment; note by id; note details; open memo 12; "
        "see what the remark says; one note of the chat"
    ),
    "update_note": (
        "tick off note 12; change the wording of the internal comment; mark the memo as done; The remark 44 on "
        "conversation 99 has the wrong date in it, put in June instead.; edit note; change remark; close note; "
        "correct internal comment; complete the memo; add a label to a note; note is done; rewrite annotation 12"
    ),
    "create_contact": (
        "put a new prospect into Drift: Kim, kim@x.io; store this visitor as a lead; POST /contacts with email and "
        "phone; We met Jo Hill at the fair, jo@hill.com, +49 171 555, CEO. She isn't in Drift yet, so set her up.; "
        "add lead; new person; create contact; save prospect; register visitor with name, mail and phone; enter "
        "someone we met; new customer record; capture an inbound lead; insert a contact"
    ),
    "get_contact": (
        "show lead 1261122150; person details for contact id 55; what do we know about visitor 8812; fetch contact "
        "record by Drift id; contact details; show lead; person by id; who is contact 12; visitor profile; open the "
        "customer record; look at lead's attributes; read contact"
    ),
    "find_contacts_by_email": (
        "do we have mia@foo.com on file; look for people with address sam@bar.io; which leads use the mail "
        "info@acme.com; Before adding max@corp.de I'd like to know whether that address exists among our contacts "
        "already.; find by email; email lookup; search contact with address; is this mail known; person behind "
        "sam@bar.io; leads having the address x@y.com; check if an email exists; contacts with this email"
    ),
    "find_contacts_by_external_id": (
        "contact for our customer id CUST-99; look up people by Salesforce id; which lead is number 8812 in our own "
        "database; I've a list of keys from our CRM and need the matching Drift contacts.; lookup by crm id; contact "
        "by external id; who has our customer number 12; find by own key; map our ids to Drift contacts; people by "
        "hubspot id; our user id 77 in Drift"
    ),
    "update_contact": (
        "change the phone of lead 55; set company size attribute on the visitor; correct the name of contact "
        "1261122150; The prospect 8812 got promoted to VP, update her title.; edit contact; change lead data; new "
        "phone for contact; set attribute; enrich person; update job title; fix a visitor's name; correct the email "
        "of lead 12; modify customer record; save lead score on contact"
    ),
    "update_contact_by_external_id": (
        "write new attributes to customer 99 from our CRM; patch contact by external id; push plan change to the "
        "person with our own id CUST-7; Our billing knows her as customer number 4411, I don't have the Drift id, set "
        "her plan to gold.; update by crm id; sync our record to Drift; patch customer by own id; push changes by "
        "external id; set plan for our customer number 12; write attributes using salesforce id; change contact by "
        "our key"
    ),
    "delete_contact": (
        "remove lead 55; this contact is a duplicate, take it away; delete visitor 8812 from the list; drop the test "
        "lead from our contacts; delete lead; remove contact; drop person; duplicate contact, remove it; trash "
        "visitor; get rid of contact 12; kill fake lead; take somebody out of our contacts"
    ),
    "unsubscribe_emails": (
        "take joe@bar.com off all our emails; he doesn't want our mails any more; opt out these five addresses; She "
        "complained about our mails. Make sure that ann@foo.io never receives one again.; opt out; unsubscribe; stop "
        "mails; no more emails to x@y.com; suppress addresses; remove from mailings; email opt-out; don't mail these "
        "people any longer; he hit unsubscribe, respect it"
    ),
    "list_contact_attributes": (
        "which fields can a lead have; names of all custom contact properties; contact field definitions; Before "
        "syncing I want to know what attributes people have in Drift and their types.; contact fields; custom "
        "attributes; what can be stored on a lead; attribute names and types; person schema; available contact "
        "properties; list properties of contacts; fields for visitors"
    ),
    "list_contacts": (
        "find people tagged partner; all leads; search for a prospect called Miller; which visitors have plan = "
        "enterprise; all contacts; search leads; find people by tag; list customers; prospects with custom attribute; "
        "look for someone named Anna; people with label vip; whole contact base; browse persons; leads from Berlin"
    ),
    "match_contact_email": (
        "which single contact owns the address ann@foo.io; match this email with a person, don't create one; whose "
        "email is kim@x.io; resolve the address to one lead; match email; resolve address to contact; whose address; "
        "exact contact for email; one person for this address, no creation; identify the owner of an email; which "
        "contact belongs to the address"
    ),
    "create_contact_from_email": (
        "make a contact out of 'Ann Lee <ann@foo.io>'; I have only a mail header, turn it into a lead; upsert contact "
        "from raw email; add a person from an address line, updating it if it is there; contact from raw email; parse "
        "'Jo Doe <jo@x.io>'; upsert by address; add sender as contact; create lead from an email header; signature to "
        "contact; turn an address into a contact; create or update person from mail"
    ),
    "post_timeline_event": (
        "log that the customer attended our webinar; record an activity on a lead's timeline; put 'contract signed' "
        "on the timeline of contact 55; Whenever somebody upgrades in our shop, this should show in their history in "
        "Drift. Add it for lead 8812.; add timeline event; log activity; record purchase on contact; track event for "
        "lead; post an event from our app; add 'trial ended' to history of a person; write an entry to the timeline; "
        "customer renewed, log it; external event for contact"
    ),
    "get_contact_timeline": (
        "what has lead 55 done so far; activity feed of the visitor; show me the events of contact 8812; the story of "
        "this prospect: every event, newest first; contact history; timeline; lead activity; what did this person do; "
        "events of contact; journey of a visitor; activities logged for lead 12; past interactions of a customer"
    ),
    "add_contact_tags": (
        "label the lead as hot; put the tag partner on contact 55; tag person 8812 with vip and emea; Could you mark "
        "our new prospect 55 with the labels beta and friend?; tag contact; label lead; add tags to person; mark "
        "contact as vip; attach label to visitor; give customer a tag; put prospect in category partner; tag people"
    ),
    "remove_contact_tag": (
        "take the vip tag off contact 55; untag lead; she is no partner any more, remove that label from contact "
        "8812; delete one tag of a person; untag contact; remove one tag from lead; take label off person; drop vip "
        "tag of customer; contact should lose label beta; delete label from contact; tag off"
    ),
    "remove_contact_tags": (
        "strip the tags hot, cold and old off lead 55; remove several labels from a contact; bulk untag visitor 8812; "
        "clear all of these labels of person 55 in one go: a, b, c; bulk untag; remove many tags from lead; clear "
        "labels of person; drop several tags at once; take tags a, b and c off contact 12; strip labels; remove "
        "multiple labels"
    ),
    "list_accounts": (
        "show our companies; every firm we have in Drift; overview of target accounts; I need all customer accounts "
        "with owners for a spreadsheet.; all companies; list accounts; firms; account overview; which customers "
        "accounts exist; companies we target; organizations in Drift; browse accounts; company list"
    ),
    "get_account": (
        "who is the owner of Acme's account; details of company 123_acme.com; fetch account by id; show me the custom "
        "properties of the firm Globex; show account; company details; account owner; look at firm 12; who owns the "
        "company; domain and properties of an account; read account record; is the account targeted"
    ),
    "create_account": (
        "add the firm Hooli, hooli.com; new company; set up a target account for Initech; Please register a company "
        "called Wonka with the domain wonka.com owned by Felix.; add company; new account; register firm; create "
        "organization; insert account with domain; new target company; put Acme in as an account; start an account "
        "record"
    ),
    "update_account": (
        "make Ines the owner of Globex; rename company 123_acme.com; set account tier to gold; The firm Acme moved to "
        "acme.io, change its domain.; edit company; change owner; set tier of account; account properties; rename "
        "firm; target this account; assign company to rep; update domain; un-target account; reassign account to Dana"
    ),
    "delete_account": (
        "drop the company Hooli; remove account 123_acme.com; Initech went bankrupt, delete them as an account; erase "
        "a firm from the account list; delete company; remove account; drop firm; get rid of an organization; account "
        "is obsolete; erase company record"
    ),
    "list_company_people": (
        "everyone we know at Acme; contacts who work for 123_acme.com; employees of the customer Globex; who do we "
        "talk to at Hooli; company contacts; people at acme; who works there; leads of an account; persons at this "
        "firm; contacts belonging to a company; staff at customer; everyone from the organisation 12"
    ),
    "list_company_teams": (
        "which of our teams handles Globex; teams serving company 123_acme.com; company teams; what squads are in "
        "charge of the client Initech; company's teams; teams for account; who covers this company; our teams on "
        "account 12; responsible team of a firm; which group works with customer Acme"
    ),
    "list_users": (
        "who are all our reps; which colleagues are online; show every agent with availability; list staff accounts "
        "in Drift; all agents; list reps; who is online; team members; staff list; available colleagues; users with "
        "ids; everyone on Drift incl. bots; find the id of an agent; which agent is free to take a chat; availability "
        "overview"
    ),
    "get_user": (
        "is agent 55 available; show rep 228225; what's Dana's time zone and role, her user id is 12; user profile by "
        "id; user details; agent info; is Maya available; show colleague; role of rep 12; look up a user; time zone "
        "of agent; who is this rep; agent's email"
    ),
    "get_users": (
        "names for user ids 5, 6 and 7; look up multiple agents in one call; resolve a batch of user ids; I have the "
        "ids 11, 12, 13 of reps. Who are they? One request please.; several users; multiple agents by id; batch user "
        "lookup; resolve user ids; names of agents 1, 2, 3; many users in one call; get these reps"
    ),
    "update_user": (
        "set me to away; PATCH the user availability; change Dana's alias to DD; mark rep 55 as offline; new profile "
        "picture for agent 12; set away; change availability; agent offline; edit user alias; user's phone; change "
        "display name of rep; avatar of an agent; mark me online; update colleague's locale; put Maya on available; "
        "edit agent profile"
    ),
    "list_teams": (
        "what teams do we have; show all squads and their members; departments of our organisation in Drift; who is "
        "on the support team; all teams; which teams exist; team members; list departments; groups of agents; teams "
        "in org; who is in team sales; team overview"
    ),
    "list_user_teams": (
        "which groups is rep 55 a member of; teams for user 228225; what teams does Priya belong to; squads that "
        "colleague 12 is part of; teams of user; user's teams; which team is Maya in; rep's groups; membership of "
        "agent 12; where does this colleague belong; teams I'm on"
    ),
    "list_booked_meetings": (
        "demos scheduled for next week; calendar for tomorrow; what appointments come up between the 3rd and the 9th; "
        "agenda of booked calls today; upcoming meetings; booked demos; this week's appointments; meetings next "
        "month; schedule for Thursday; calls coming up; calendar overview; what was booked last week through Drift; "
        "meetings between two dates"
    ),
    "list_meetings": (
        "find calls hosted by Omar; search appointments with bob@initech.com; which demos had 'renewal' in the "
        "subject; look for meetings longer than an hour created in May; search meetings; meetings by host; find a "
        "demo with lead; appointments of Maya; meetings about onboarding; calls longer than 30 minutes; meetings "
        "located in Zoom; cancelled or changed meetings since Monday; meetings with participant sam@bar.io"
    ),
    "get_meeting": (
        "when is meeting 5521; details of appointment 87; who attends demo 9043; fetch meeting by id; meeting "
        "details; show appointment; when is the demo; who is invited; one meeting by id; where does the call take "
        "place; info on meeting 12"
    ),
    "create_meeting": (
        "set up a call with the visitor tomorrow at 3 pm; schedule an appointment for this chat; put a demo in the "
        "calendar for conversation 99; The lead wants a demo on Friday at ten for 30 minutes, please arrange it.; "
        "book meeting; schedule demo; new appointment; arrange call; set up a meeting with the lead; fix a date with "
        "the visitor of this chat; reserve a slot; put a meeting on the calendar; plan a call"
    ),
    "update_meeting": (
        "move appointment 87 to Monday; postpone the demo by an hour; change the location of meeting 5521; push the "
        "call back to 4 pm; reschedule; move meeting; change meeting time; shift demo to Friday; edit subject of "
        "appointment; new location for the call; postpone; extend the call by 15 minutes; add notes to the meeting"
    ),
    "delete_meeting": (
        "cancel appointment 87; the demo isn't happening, take it off the calendar; drop meeting 9043; the customer "
        "can't make it and does not want another date, so remove the call; cancel meeting; call off demo; remove "
        "appointment; delete call; customer cancelled, take meeting out; no meeting after all; scrap the appointment"
    ),
    "add_meeting_participant": (
        "invite jo@hill.com to demo 87; add my boss to the call; put Ana on the list of attendees of meeting 5521; "
        "loop in a colleague on the appointment; invite to meeting; add attendee; add participant; bring someone into "
        "the demo; extra guest for call; one more person should join appointment 12; invite the CTO too; include "
        "jo@x.io in the meeting"
    ),
    "list_playbooks": (
        "what bots are running on the website; show active playbooks; which chatbots do we have and what are their "
        "goals; all bot flows that are switched on; list bots; playbooks; active playbooks; bots on the site; which "
        "chatbots are live; chat flows; bot goals; interaction ids; what automations run on the website"
    ),
    "list_landing_pages": (
        "our conversational pages; links of chat landing pages; CLPs; which landing pages with chat exist and what is "
        "their url; landing pages; clp list; chat pages; conversational pages and urls; page links; which pages exist "
        "for chat; landing page addresses"
    ),
    "trigger_driftbot": (
        "let the chatbot take over in thread 99; launch the qualification bot in this conversation; have driftbot "
        "jump in; fire the bot with action 12 in chat 771; start bot; trigger driftbot; let bot answer; run "
        "qualification; bot flow in chat; hand the visitor to the bot; make the bot ask; kick off a flow for thread "
        "12; bot should take it from here"
    ),
    "update_driftbot_message": (
        "change the question the bot is asking right now; edit driftbot's prompt; the bot shows the wrong text in "
        "chat 99, fix it; replace what the chatbot says in the running flow; edit bot message; change bot prompt; "
        "revise bot question; bot's current text; rewrite what the bot says; alter the prompt in flight; driftbot "
        "wording; the bot asks the wrong thing"
    ),
    "create_tag": (
        "add a tag 'renewal' for conversations; define new label; we need another tag called upsell in red; make a "
        "tag agents can use on chats; new tag; create label; add conversation tag; define tag; another label for "
        "chats; make tag pricing; set up a tag for reporting"
    ),
    "get_tag": (
        "look up tag 55; what color is label 12; is tag 99 still enabled; tag info; show tag; tag details; tag by id; "
        "what does this label mean; tag color; describe tag; read label 12; tag description"
    ),
    "update_tag": (
        "rename label 12 to churn; make the tag green; disable tag 55; give conversation tag 99 a new description; "
        "rename tag; recolor label; edit tag; disable tag; change tag description; turn the label off; switch tag on "
        "again; other colour for tag"
    ),
    "delete_tag": (
        "delete tag 55; remove the label old from all conversations; we don't use that tag any more, delete it "
        "completely; drop conversation label 12; delete tag; remove label everywhere; drop tag; erase conversation "
        "label; kill the tag; tag no longer needed; get rid of a chat tag"
    ),
    "report_conversations": (
        "time to first response for each chat in May; how quickly do we answer; conversation report with close times; "
        "per-chat metrics for last quarter; response times; conversation report; time to close; chat metrics; how "
        "fast are we answering; first reply time per chat; sla figures; slowest conversations; agent performance; "
        "handling times of last month; chats without an answer; row per conversation"
    ),
    "summarize_conversation_metrics": (
        "average time to close overall; mean first response time this month; one aggregated figure for handling time; "
        "on average, how many messages does a chat have; average response time; overall metrics; aggregate report; "
        "mean close time; averages; total figures over all chats; metric summary; median time to reply; averaged "
        "statistics of conversations; a single number for the quarter"
    ),
    "get_token_info": (
        "what permissions does our API key have; when does the token expire; check scopes; which org is this token "
        "for; token scopes; permissions; is token valid; which org; token expiry; what may we do; access rights of "
        "our key; check token; granted scopes; credential info; when does our access end"
    ),
    "uninstall_app": (
        "remove the integration from Drift; disconnect; revoke our app; pull our app out of the customer's Drift for "
        "good; uninstall; remove app; disconnect drift; revoke integration; delete our app from the org; cut the "
        "connection; stop using Drift, remove the integration; kill the installation"
    ),
    "retrieve_personal_data": (
        "GDPR export for ann@foo.io; she asked for a copy of the data we store about her; handle a subject access "
        "request; collect everything Drift knows about joe@bar.com and mail it to the owner; gdpr request; data "
        "export of a person; access request; all data on someone; privacy: what do we store; send the owner "
        "everything about ann@x.io; personal data report; dsar; right of access"
    ),
    "delete_personal_data": (
        "forget joe@bar.com completely; GDPR deletion; wipe all data we have on this person; he wants to be "
        "forgotten, erase everything about him; gdpr erasure; forget person; erase data; right to be forgotten; "
        "privacy deletion; wipe someone; remove all personal data for good; person demands deletion of everything; "
        "purge all traces of ann@x.io"
    ),
    "list_scim_users": (
        "all SCIM users; which seats do we have in provisioning; GET /scim/Users; users as the identity provider sees "
        "them; scim users; provisioned users; list seats; idp user list; who has a licence; directory users; users in "
        "provisioning; all licences in use; scim filter by username"
    ),
    "get_scim_user": (
        "SCIM record of Dana; fetch scim user by id; is seat 2180056 still active; provisioned role and mail of user "
        "55; scim user; one seat; seat status; provisioning record; scim role of user; identity record; is the "
        "licence active"
    ),
    "provision_scim_user": (
        "create a seat for new hire Lee; onboard ines@ourco.com; add an agent account for our new colleague; POST "
        "/scim/Users; add user; new seat; onboard colleague; create agent; provision; give licence; new employee "
        "access; add rep to Drift; invite a teammate; add somebody as an admin; new hire needs login"
    ),
    "replace_scim_user": (
        "PUT scim user 55; overwrite Dana's whole identity record; full replacement of the provisioned user; replace "
        "all SCIM attributes of seat 12; replace user; overwrite scim record; full update of seat; put scim user; "
        "substitute identity data; rewrite the whole provisioning record; idp full push"
    ),
    "update_scim_user": (
        "promote Dana to admin; suspend user 55 without deleting; change role of seat 2180056; PATCH scim user "
        "active=false; change role; make admin; deactivate user; reactivate seat; disable login; patch scim; pause "
        "access; rename provisioned user; change seat's phone; downgrade to member; lock user for now"
    ),
    "deprovision_scim_user": (
        "Felix left, remove his seat; offboard Lee Park; free the licence of user 55; DELETE scim user; remove user; "
        "delete seat; offboard; take away licence; fire agent; colleague left; remove rep from Drift; revoke seat; "
        "ex-employee access removal; delete agent account"
    ),
    "list_events": (
        "what's been going on in Drift today; latest events; anything new since this morning; feed of everything that "
        "happened in the last hour; recent events; what happened; activity stream; latest activity; news in Drift; "
        "events since yesterday; what's new; anything happening; event feed; changes in the last 24 hours"
    ),
}
