"""Words of what Drift has nothing to do with, by topic.

No list of phrases can name every product, dish and programming language. What is learned from "assign the Jira issue"
holds for Asana as soon as both are known to be of one kind.
"""

_TOPICS = {
    "mailing": """newsletter newsletters campaign campaigns mailing mailings subject spam dkim spf bounce deliverability
        drip nurture mailchimp marketo pardot klaviyo sendgrid eloqua broadcast brevo gmail mailbox template
        templates""",
    "money": """invoice invoices payment payments pay paid paypal refund refunds stripe charge chargeback price prices
        billing bill coupon discount vat tax taxes salary salaries payroll bank loan mortgage budget expense expenses
        receipt receipts accounting bookkeeping ledger revenue turnover profit margin cash debit credit euros dollars
        pounds money bonus commission quota fine insurance stocks shares bitcoin crypto iban sepa earnings""",
    "selling": """deal deals pipeline opportunity opportunities forecast quote quotes proposal salesforce hubspot
        pipedrive zoho dynamics outreach salesloft gong clearbit zoominfo apollo docusign pandadoc contract contracts
        nda crm prospecting""",
    "work": """zendesk freshdesk servicenow jira asana trello linear basecamp clickup confluence notion evernote wiki
        sprint epic kanban gantt milestone milestones project projects slack discord telegram whatsapp messenger skype
        teams zoom webex outlook calendar calendly sharepoint dropbox onedrive gdrive excel sheets sheet powerpoint
        slides slide deck word pdf docx keynote figma canva miro airtable intercom livechat olark crisp minutes""",
    "code": """github gitlab git branch commit merge repo repository bug bugs code coding python javascript typescript
        java react css html sql query postgres mysql mongodb redis database databases schema migration regex function
        compile compiler deploy deployment docker container kubernetes helm pod cluster server servers nginx linux
        ubuntu terminal jenkins terraform ansible aws azure gcp lambda cron backup dns certificate tls ssl firewall
        logs stacktrace exception segfault unittest lint npm pip package packages library framework sdk crash debug
        refactor tableau looker powerbi grafana datadog sentry algorithm script cache localhost""",
    "devices": """printer laptop computer monitor keyboard mouse screen windows mac macos office reboot virus antivirus
        wallpaper vpn router wifi bluetooth speaker tablet iphone android usb scanner hardware headset""",
    "phone": "phone ring dial voicemail voice telephone extension hotline ivr sms texting fax conference calling",
    "weather": "weather rain raining snow sunny temperature umbrella degrees celsius wind storm climate pollen",
    "travel": """flight flights fly airline airport hotel hostel train bus taxi uber cab car drive driving parking trip
        travel vacation holiday holidays visa passport luggage itinerary route map traffic ferry""",
    "food": """restaurant lunch dinner breakfast pizza coffee beer wine food recipe recipes cook cooking bake meal
        calories grocery groceries milk eggs bread cake pancakes kitchen""",
    "goods": """parcel parcels shipment shipments shipping shipped delivery courier warehouse inventory orders cart
        checkout shop shopify woocommerce magento ebay amazon sku supplier""",
    "people": """hire hiring recruit recruiter recruiting applicant applicants candidate candidates interview interviews
        resume cv vacancy vacancies job jobs payslip timesheet overtime sick absence appraisal pension""",
    "advertising": """ads ad adwords facebook instagram tiktok twitter tweet tweets linkedin youtube reddit pinterest
        followers follower hashtag influencer seo serp keyword keywords backlink backlinks google bing ranking adset
        retargeting impressions clicks cpc ctr pageviews traffic utm heatmap""",
    "publishing": """homepage blog blogs article articles headline headlines banner logo wordpress webflow sitemap
        cookie podcast video videos movie film trailer draw drawing painting design font song songs music jazz playlist
        radio spotify netflix poem poems story essay letter speech translate translation grammar spelling synonym
        paraphrase proofread sonnet haiku joke jokes riddle trivia photoshop subtitles ebook whitepaper press""",
    "knowledge": """math equation calculate calculation root integral derivative convert kilometres miles ounces inches
        capital president king queen war planet star stars moon universe physics chemistry biology election politics
        horoscope school homework university exam lecture teacher language languages""",
    "life": """doctor dentist hospital medicine pill headache fever diet workout gym yoga marathon sleep therapy
        symptom symptoms dog cat pet plant plants garden house flat rent apartment furniture lamp lights heating
        thermostat fridge birthday wedding gift present flowers christmas easter halloween game games football soccer
        basketball match league tournament olympic alarm timer reminder remind clock stopwatch vacuum kids""",
    "surveys": "nps csat survey surveys questionnaire poll satisfaction rating ratings feedback stars",
    "settings": """webhook webhooks widget snippet macro macros theme launcher popup canned greeting hours routing
        sso saml mfa ldap robin password passwords notification notifications sound""",
}
TOPIC = {word: topic for topic, words in _TOPICS.items() for word in words.split()}
"""The topic of each word."""
