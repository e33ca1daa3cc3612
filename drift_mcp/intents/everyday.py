"""Everyday English: the words around those of `vocabulary.py`."""

DROPPED = (
    "a an the my our his her their its your this that these those some any please just also really very actually drift"
)
"""Words that phrases are matched without."""

NEGATIONS = "not no never without instead rather neither nor cannot none"
"""What takes back the words after it."""

BEFORE_VERB = (
    "to please you and then we i let us or not never should must will would could can want need ahead kindly do me"
)
"""Words after which a word that can be verb or noun is a verb."""

ADVERBS = "also just only now please then kindly first simply quickly"
"""Words that may stand between."""

ASKING = (
    "please",
    "can you",
    "could you",
    "would you",
    "will you",
    "let us",
    "help me",
    "how do i",
    "how can i",
    "make sure",
    "go ahead",
    "need you to",
    "kindly",
    "can we",
    "could we",
    "can i",
    "could i",
    "may i",
    "want you to",
    "like you to",
)
"""What a request begins with."""

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
"""What a wish begins with: a request unless there is a plainer one."""

FUNCTION = (
    "a an the my our your his her their its this that these those some any i we you he she it they me us him them "
    "who whom whose which what when where why how is are was were be been being am do does did done have has had "
    "having can could will would shall should may might must need want like and or but so because although though "
    "while if then than as of in on at to from for with without by about into over under through between among up "
    "down off out not no never yes please just also only too very really actually already still yet now here there "
    "again back kindly thanks thank hi hello hey ok okay one ones other others another same such more most much "
    "many few all each every both either neither none s t d let lets get got make made sure go going using via per "
    "etc wants wanted needs needed able way thing things something anything everything right well even ever"
)
"""Words that say nothing about what a request is about."""

PLAIN = (
    "able about above acme across act actual actually add after again against age ago agree air all almost alone "
    "along already also although always am among an and another answer any anybody anyone anything anyway apart api "
    "apparently approve approved april are area arent army around arrive arrives art as asap ask asked assistant at "
    "august away back bad bar base basically bath be bear beat became because become bed been before began begin "
    "behind being believe bell belt berlin best better big bill bird bit blow blue board boat body bone book boot "
    "born boss boston both bottom bought box boy brand bread break bring brings broke brought brown btw budget "
    "build built burn bus busy but buy by cake call calm came camp can cannot cant car card care carry case cast "
    "cat catch cause cell cent ceo chain chair chance cheap check cheese child children choose church city claim "
    "claims class clean clear clerk click climb close cloth cloud coat coffee cold collar color colour come comes "
    "coming complain complained conference cook cool copy corn corner correct cost could couldnt count country "
    "couple course cover crm cross crowd cry cto cup current customer cut dad dance dark date daughter day days "
    "dead deal dear death december decide decided deep desire desk did didnt different dinner direct dirt do does "
    "doesnt dog doing done dont door doubt down dozen dream dress drink drive drop dry due during dust duty each "
    "ear earlier early earth east easy eat edge eg egg eight either else end energy engine english enough enter "
    "entire entirely equal error etc even evening event ever every everybody everything exact exactly example "
    "except excited eye face fact fail failed fair fall family far farm fast father favour fear february feel feet "
    "felt few field fight figure figured fill final finally fine finger finish fire first fish fit five fix flat "
    "floor flow fly folk follow food foot for force foreign forget form forward found four free french fresh friday "
    "friend from front fruit full fun further future fyi game garden gas gate gave gdpr general german get gets "
    "getting girl give given glad glass globex go goal goes going gold gone good got grass great ground group grow "
    "guess guest guide guy guys had hair half hall hand handle hang happy hard has hasnt hat hate have havent "
    "having he head hear heard heart heat heavy height held hello help hence her here hers hey hi high hill him "
    "himself his hit hmm hold hole holiday home hope horse hospital host hot hotel hour house how however hurry "
    "hurt ice id idea ids ie if important in inc indeed inside instead interest interesting interface into invite "
    "iron is isnt it item its itself january job join joke json july jump june just keen keep kept key kid kill "
    "kind kindly king kitchen knew know known lady land language large last late later laugh law lay lazy lead "
    "leader lean learn learning least leave left leg lend less lesson let lets letter level lie life lift light "
    "like limit line link lip list little live load local lock log london long look looks loss lost lot loud love "
    "low ltd luck lunch machine mad made madrid mail main make makes man many map march mark market marry mass "
    "match matter may maybe me meal mean means meant meat meet memo merge mess met metadata middle might mile milk "
    "mind mine minute miss model mom moment monday money month more morning most mother mountain mouth move moved "
    "much music must my myself name nation near nearly neck need needs never new next nice night nine no nobody "
    "noise none nope nor north nose not note nothing notice november now number october of off office often oh oil "
    "ok okay old on once one ones only open or order other others otherwise ought our ours out over own page paid "
    "pain pair paper parent paris park part particular partner party pass past path pay peace pen pencil people per "
    "perhaps person phone photo pick picture piece pin pipe place plan plane plant plate platform play point pool "
    "poor pop port possible post pound power premium press pretty price pride print probably problem process proud "
    "public pull push put quarter queen question quick quickly quiet quite race rail rain raise ran range rate "
    "rather reach read ready real reason red renew renewal reply report require requires rest rice rich rid ride "
    "right ring rise risk river road rock role roof room root rope rose rough round row rub rule run rush sad safe "
    "said sail sake sale salt same sand sat saturday save saw say says scale scene school science scim sea seat "
    "second see seem seems seen self sell send sending sense sent september serve set seven several shall share she "
    "sheet shift ship shirt shoe shop short shot should shoulder shouldnt shout show sick side sign silver simple "
    "simply since sing single sister sit six size skin sky sleep slip slow small smell smile smoke snow so soap "
    "soft soil some somehow someone something sometimes somewhere son song soon sorry sort soul sound soup south "
    "space spare speak spell spend spoke spoon sport spot spring square stage stair stamp stand star start state "
    "station stay steam steel step stick still stone stop store storm story strange stream street strength strong "
    "study stuff style success such sudden sugar suit summer sun sunday suppose sure sweet swim system table tail "
    "take taken talk tall taste tax tea teach team tear technical tell ten test text than thank thanks that the "
    "their them themselves then there therefore these they thick thin thing things think third this those though "
    "thought threat three throat through throw thursday thus tie tight till time times tin tired title to today toe "
    "together told tomorrow tone tongue tonight too took tool tooth top total touch toward town trade train travel "
    "tree trick tried trip trouble true trust truth try tuesday turn twice two type ugh ugly uncle under understand "
    "unfortunately unit unless until unto up upon url us use used user using usual usually version via view village "
    "vip visit voice vp vs wait waiting wake walk wall want wanted wants war warm was wash wasnt waste watch water "
    "wave way we weak wear weather wednesday week weekend weeks well went were west wet what whatever wheel when "
    "whenever where whether which while white who whoever whole whom whose why wide wife wild will wind window wine "
    "winter wire wise wish with within without woman won wonder wont wood wool word words work worked working works "
    "world worry worse worst would wouldnt wound write written wrong wrote yard year years yellow yep yes yesterday "
    "yet you young your yours zero"
)
"""Everyday words: known, so that they are not taken for a misspelled one that means something."""
