"""What people in the trade call the things and actions of Drift: a map from their words to one word each.

Training phrases cannot hold every word for "delete" beside every object. With the canonical word beside the original
the classifier learns "delete + tag" once, and "nuke the label" is it too. Some are of what Drift cannot do with its
things, such as "undo" and "merge". Inflections need no entry (`features.py`).
"""

_SAID = {
    "contact": """lead prospect visitor person people customer buyer shopper client clients somebody someone individual
        lady guy signup subscriber guest consumer enquirer inquirer purchaser stakeholder champion persona
        registrant newcomer folk punter patron caller enquiry applicant patient pupil student tenant resident
        passenger chap bloke fella gentleman gent woman man girl boy mr mrs ms sir madam recipient acquaintance
        respondent attendee writer sender requester shopkeeper freelancer professor founder mailbox cto cfo ceo
        parent him her she he""",
    "conversation": """chat thread ticket dialog dialogue dialogues convo discussion case talk talks conv exchange
        inbox backlog queue exchanges dispute communication dm dms correspondence inquiry enquiry matter issue
        issues query queries chatlog topic pile desk livechat stream transcript""",
    "user": """host rep agent colleague colleagues teammate coworker sdr ae aes bdr employee staff staffer operator
        member manager seller hire joiner newcomer intern collaborator personnel associate people's salesperson
        salespeople salesman dealer trainee contractor leaver assistant representative advisor adviser consultant
        workmate boss supervisor executive csm am ams peer recruit starter rookie buddy me myself mate helpdesk
        deputy substitute""",
    "seat": """licence license login provision scim okta idp identity directory access provisioner entra workspace tool
        credentials entitlement profile admitted onboard onboarded""",
    "account": """company firm business organization organisation org corp employer society enterprise corporation logo
        logos brand ltd gmbh inc outfit vendor manufacturer subsidiary customer's supplier agency startup shop group
        client abm target tier""",
    "message": """messages msg reply replies response utterance bubble line answer answers sentence paragraph text
        texts post posts wording typo typed entry word chatter reaction ping pings""",
    "note": """todo notes comment remark memo annotation sticky annotate jot observation whisper internally slip
        scribble postit jottings aside footnote minute handover reminder warn heads private""",
    "tag": """label marker badge mark flag sticker stamp keyword category pin hashtag class classification classify
        attribution marked marking untagged""",
    "meeting": """appointment demo call booking bookings slot invite meetup session reunion rendezvous conference
        videocall sitting kickoff appt mtg rdv together visit consult consultation webinar engagement sync standup
        checkin viewing conferences tour walkthrough presentation talk gathering event date zoom videoconference
        catchup onboarding""",
    "team": """unit teams squad pod pods group groups crew department equipe division bunch colleagues guild section
        branch roster""",
    "attribute": """attributes field property column characteristic parameter custom value attr trait facts datum key
        keys schema score lifecycle industry country city birthday language""",
    "timeline": "activity history feed chronology chronicle track story past milestone journey diary record journal",
    "event": "events happening news occurrence alert latest lately overnight meanwhile missed went",
    "bot": """driftbot chatbot robot assistant automatic machine automation automations automated automaton flow
        greeter prompt""",
    "playbook": "flow flows sequence scenario dialogues script scripts journeys campaign automations",
    "page": "landingpage pages landing url urls link links website webpage hosted web",
    "attachment": """file files document pdf screenshot image picture upload photo spreadsheet photos pictures images
        pdfs annex uploaded deck brochure enclosure enclosed scan scans jpg jpeg png docx xls csv zip paperwork
        invoice contract drawing sketch receipt""",
    "transcript": """transcripts log wording verbatim protocol gist summarise summarize summary read spoken aloud recap
        wrote story whole entire entirety""",
    "token": """scope permission credential key rights authorisation authorization authorized secret apikey bearer
        grants granted""",
    "email": """mail address addresses mailing mailings inboxes letter letters mailshot inbox mailers newsletter
        promotional promotions marketing""",
    "external": "crm erp salesforce hubspot foreign sfdc own inhouse partner legacy primary",
    "privacy": """gdpr ccpa dsar sar dsgvo rtbf subject personal legal erasure forgotten rgpd lgpd oblivion trace
        traces pii dsr article compliance regulator request oblige lawful lawyer counsel""",
    "participant": """attendee attendees invitee guest joins join joiner plus accompany attending attends invite
        invited inviting""",
    "metric": """kpi stats analytics report reports reporting figures numbers average mean median avg aggregate total
        sum duration statistic counters gauge performance percentile response speed throughput workload volume share
        ratio rate""",
    "open": "closed bulk status state unread pend waiting finished ongoing unresolved active waits",
    "delete": """withdraw release revoke unassign unprovision offboard deprovision vanish gone lose dropped remove
        removes removed removing nuke kill scrap drop trash destroy erase purge wipe bin discard eliminate del
        obliterate zap axe cancel cancellation deletion removal junk toss ditch strip untag unlabel detach rid scrub
        chuck suppress suppressed annul eradicate dispose terminate extinguish expunge dump pull disappear liberate
        quit cut strike nix scratch clear cleanup rub shed unpin unmark untick exterminate evict expel boot oust
        lapse void shred unbook uncheck subtract deduct exclude crossed leave left leaves resigned fired sacked
        obsolete bogus fake dummy retire unneeded superfluous needless nonsense""",
    "create": """append attach invent define add new make register insert setup build start establish introduce launch
        open begin kick initiate creation generate enter store save saving saved inscribe inscription fabricate
        instantiate compose spawn prepare log logs record records note enrol enroll put include entry fresh found
        mint craft draft produce supply author raise lodge file import onboard hire grant issue ad another capture
        feed originate think""",
    "update": """reactivate complete shorter transferred modify write change edit set alter adjust amend correct fix
        reword rephrase revise patch rewrite tweak switch put rename recolor recolour overwrite replace correction
        move mark flip swap refresh rectify actualise actualize modification retitle relabel transform substitute
        displace adapt reflect enter bump promote reset redo relocate override overwritten graduate extend shorten
        prolong lengthen enlarge translate repaint swop exchange repair improve touch convert turn become became
        should ought instead now actually new""",
    "get": """show read view display fetch retrieve pull see check inspect detail info describe tell give grab load
        look lookup print open examine consult present bring recover obtain resolve visualise visualize know say
        peek summon unearth surface collect reveal produce glance glimpse report tells review familiarise brief
        remind what which""",
    "list": """lists enumerate browse overview which all every directory catalogue roster index page listing
        enumeration totality rows collection tabulate itemise itemize inventory run rundown set everyone everybody
        everything anybody anyone each full complete names rollcall array""",
    "find": """where whereabouts search locate filter seek hunt identify track query looking sought match dig who whose
        existence exist verify trace spot discover sift scan sieve fish looked sights catch detect pinpoint remember
        somewhere anything""",
    "send": """write respond tell say post text message reply answer answering replying shoot ping communicate inform
        notify salute confirm explain apologise apologize thank wish greet nudge transmit put type drop fire relay
        pass deliver reassure assure invite ask announce promise greetings hello hi dear chime""",
    "close": """park pause tick dealt resolve resolved shut finish done settle reopen snooze closure end terminate
        finished complete completed solve hold wrap archive stop mark conclude tidy""",
    "assign": """reassign route transfer pass hand handover escalate delegate forward assignee owner handoff attribute
        attributed responsible charge takeover takes allocate allot entrust dispatch redirect steer belong handle
        looks minding minds keeper owns own owned works claim""",
    "book": """schedule arrange reserve scheduled plan booking reservation rendezvous slot agree fix pencil calendar
        set organise organize fixed put""",
    "reschedule": """postpone shift push bump later earlier delay rearrange rebook displace displaced move shifts
        forward shifted prepone adjourn defer hour tomorrow""",
    "count": """amount breakdown many number quantity size tally howmany total numbers figure integer volume big
        volumes load""",
    "download": "save export bytes binary content raw fetch grab retrieve open file",
    "unsubscribe": """optout opt suppress unsub spamming stop mailings desinscribe alone complained spam nag bother
        pester harass leave mute silence blacklist blocklist unsubscription complaining complains complaint never
        annoyed cease""",
    "offline": """online available availability away unavailable free reachable connected disconnected busy logged
        around absent present lunch shift duty dnd vacation holiday sick keyboard desk awake asleep sleeping working
        back out status""",
    "several": """multiple both couple few these those bulk batch three four five six seven eight ten dozen various
        pair trio triple all list""",
    "admin": """role administrator deactivate disable suspend active inactive block lock reactivate promote demote
        rights superuser privilege supervisor viewer elevate""",
    "json": """structured data machine parse parseable records programmatically objects array serialise serialize
        payload raw python pandas notebook script loop dataframe parser""",
    "uninstall": "disconnect deinstall unhook decommission integration app detach unlink remove sever unplug",
    "trigger": """fire run execute activate kick launch start invoke launches fires kickoff started starting poke
        prompt wake nudge set unleash summon let""",
    "undo": """undelete restore recover revert reverse reversal un uncancel rollback reinstate resurrect unmerge
        unarchive""",
    "merge": "merged merges combine join joined dedupe dedup deduplicate unify consolidate duplicate fuse split",
    "always": """automatically automatic auto automate automation rule workflow whenever recurring weekly daily monthly
        permanently default defaults trigger triggers regularly scheduled nightly hourly""",
    "audit": "version revision previous earlier former viewed viewer reads opened accessed log logs changelog history",
    "explain": """difference mean means meaning why explains definition define computed calculated how compare
        comparison recommend advice advise best suggest should""",
    "transport": """export exports exporting import imports importing sync syncs syncing synced synchronise synchronize
        integrate integration integrations connect connection migrate migration backup stream mirror upload csv""",
    "configure": """setting configuration config enable permission require mandatory limit restrict allow forbid
        default preferences policy rights layout template filter filters order reorder sort colour""",
    "analyse": """forecast predict prediction likely churn scoring sentiment rank ranking trend graph chart dashboard
        prioritise prioritize priority analyze analysis intent roi heatmap correlation""",
    "mass": "hundred thousand fifty bulk every all each",
    "name": """names surname lastname firstname forename nickname alias called title salutation spelled spelling
        addressed""",
    "portrait": "avatar headshot photo picture selfie icon image logo",
    "dial": "mobile cell cellphone telephone phone fone fax landline handset extension",
    "place": "venue location room address link zoom office hall building where",
    "day": """monday tuesday wednesday thursday friday saturday sunday weekend today tomorrow yesterday week january
        february april june july august september october november december month morning afternoon evening noon
        tonight fortnight quarter spring summer autumn winter year""",
    "colour": """color colours red green blue yellow pink orange purple hex hue shade palette salmon violet turquoise
        black white grey""",
    "domain": "website site url web www",
    "joins": "",
    "leaves": "",
    "works": "",
    "ours": "",
}
"""The canonical word and the words for it. A word may stand for several."""

CONCEPTS: dict[str, tuple[str, ...]] = {}
for _canonical, _words in _SAID.items():
    for _word in [_canonical, *_words.split()]:
        CONCEPTS[_word] = (*CONCEPTS.get(_word, ()), _canonical)

MEANINGS = frozenset(_SAID)

_TOGETHER = {
    "delete": (
        "get rid of|throw away|throw out|take off|take out|take away|clean up|call off|do away with|wipe out"
        "|get shot of|come off|comes off|has to go|have to go|must go|should go|can go|be gone|pulled out"
        "|no longer needed|not needed|chuck out|bin off|clear out|rub out|cross out|cross off|strike off|take down"
        "|make disappear|has to vanish|should not exist|shouldn't exist|shouldn't be|turn up any more|fell through"
        "|is off|not happening|won't happen|never happened|do without|out of there|out of here|off the calendar"
    ),
    "find": (
        "look for|track down|look up|dig up|hunt down|fish out|any sign of|search for|dig out|come across"
        "|got anything|do we have|have we got|look through|sift through|lay hands on|dig that|dig this|go looking"
        "|do we know|do we hold|is there a|is there any"
    ),
    "assign": (
        "hand over|hand off|pass on|pass to|give to|take over|hand to|belongs to|take care of|takes care of"
        "|look after|looks after|looked after|deal with|deals with|in charge|give it to|pass it to|pass it on"
        "|over to|minding|has it now|is still with|still with|hand it|give this to|work for it|on the case"
    ),
    "update": (
        "fill in|write over|change over|set to|switch to|make it|turn into|should read|should be|should say"
        "|ought to be|ought to read|ought to say|ought to ask|needs to be|has to be|supposed to be|goes by"
        "|renamed to|moved to|changed to|wants to be|would like to appear|would like to be|no longer|is now"
        "|are now|was wrong|is wrong|still says|still listed|still shows|still has|used to be|instead of"
        "|has become|to appear as"
    ),
    "create": (
        "set up|spin up|sign up|put together|reach out|put in|start off|open up|kick off|bring into being"
        "|break the ice|in touch with|never talked|never spoken|never written|not yet in|isn't in|is not in"
        "|missing from|think of one|for the first time"
    ),
    "send": (
        "get back to|write back|follow up|let know|let them know|drop a line|tell him|tell her|tell them|chime in"
        "|fire off|shoot over|type to|write to|type back|all he needs to hear|all she needs to hear|to hear"
        "|send over|give an answer|let him know|let her know|let the customer know|put a line"
    ),
    "reschedule": (
        "push back|put off|bring forward|another time|move to|an hour later|an hour earlier|a day later"
        "|a day earlier|move it|push it|pull forward|different time|other day|next week instead|can't make it"
        "|cannot make it|stuck in|asks for the|half an hour|hour later|hour earlier"
    ),
    "count": "how many|number of|how big|how large|what volume|in total|how much|how full|how busy",
    "participant": (
        "loop in|bring along|plus one|bring in|come along|also invite|sit in|add to the meeting|also come"
        "|also attend|be there too|wants to join|should join|dial in"
    ),
    "seat": "identity provider|access to drift",
    "privacy": (
        "right to be forgotten|personal data|data protection|data subject|be forgotten|every trace|all traces"
        "|everything we hold|hold about|stored about|data we have"
        "|data we hold|never existed|erased for good|subject access"
    ),
    "bot": "drift bot",
    "page": "landing page|landing pages",
    "event": (
        "what happened|going on|while i was|since yesterday|went on|been going on|what's new|what's up"
        "|what's happening|anything new|over night|last night|miss anything|did i miss|i missed|have i missed"
        "|i've missed|have been away|since i left"
    ),
    "user": "team mate|team mates|co worker|new hire",
    "unsubscribe": (
        "opt out|no more mail|stop mailing|opted out|leave alone|stop sending|stop writing|stop emailing"
        "|no more emails|no more e mails|no more letters|no more newsletters|no more newsletter|mailing list"
        "|off the list|off our list|never again|not want any|stop bothering|hear from us"
    ),
    "email": "e mail|e mails",
    "external": "external id|our id|own id|customer number|our system",
    "transcript": (
        "word for word|what was said|what did|read me|word by word|from start to finish|start to end"
        "|beginning to end|top to bottom|said to each other|what happened in|what's been said|who said what"
        "|how it went|how did it go"
    ),
    "get": (
        "pull up|bring up|tell me|show me|have a look|take a look|look at|read out|read back|let me see|fill me in"
        "|who is|who's|whose is|stands for|what about|look into|tell me about|what do we know"
    ),
    "list": (
        "run through|run down|all of|all the|every single|full set|which of|who are|who all|what kinds of"
        "|one after the other|go over"
    ),
    "offline": (
        "at the desk|at their desk|at his desk|at her desk|at the keyboard|at lunch|on holiday|out of office"
        "|on duty|on shift|off duty|in the office|picks up|pick up|on leave|out sick|off sick|day off|signed in"
        "|on call"
    ),
    "joins": (
        "starts on|joined us|has joined|is joining|new colleague|first day|new starter|been with us|starts monday"
        "|starting monday|starts tomorrow|come on board|on board|new in support|new in sales|new here|the new one"
    ),
    "leaves": (
        "left us|has left|is leaving|leaves us|leaving us|last day|no longer works|no longer with|no longer here"
        "|left the company|has quit|handed in|gave notice|gone for"
    ),
    "works": (
        "work at|works at|work for|works for|working at|working for|on their side|at their end|on their end"
        "|employed by|whom do we know at|who do we know at"
    ),
    "ours": "one of us|one of ours|our side|from us|of us|over here|on our end|our end|who of us|which of us",
    "undo": "bring back|by accident|by mistake|in error|come back|comes back|wasn't meant|get it back|put back where",
    "audit": (
        "who changed|who edited|who deleted|who read|who opened|who looked|who saw|who created|who removed"
        "|when was it|earlier versions|previous version|before it was|before they were|who has seen|who touched"
    ),
    "explain": (
        "what is the difference|what's the difference|how does|how do|how is|how can|how long does|what is a"
        "|what does it mean|is it possible|are we allowed|why is|why does|why do"
    ),
    "always": (
        "every time|each time|every monday|every week|every day|as soon as|each week|every morning|every month"
        "|each month|from now on|by default|for good|once a week|once a day|hours before|minutes before"
    ),
    "mass": "at once|in one go|in bulk|every one of|each and every|in one request",
    "contact": "the guy|the lady|the gentleman|the woman|the man|whoever wrote|who wrote|the fellow|the person",
    "account": "target firm|target firms|target account|target accounts",
}
TOGETHER = {phrase: canonical for canonical, phrases in _TOGETHER.items() for phrase in phrases.split("|")}
LONGEST: dict[str, int] = {}
"""By first word, how many words the longest of those has."""
for _phrase in TOGETHER:
    _first, *_rest = _phrase.split()
    LONGEST[_first] = max(LONGEST.get(_first, 0), 1 + len(_rest))

_BETWEEN = """
    a an the my our your his her their its this that me us we i you it is are be to of for with on in at by from and
    or please can could would should will do does want wanna need needs just so now then as have has had let lets
    i'd i'm i'll next step thought drift there here was were been am also pls plz kindly actually really simply asap
    quickly too only very quite all's
"""
FILLERS = frozenset(_BETWEEN.split())
"""Words that stand between a verb and its object without saying which."""
