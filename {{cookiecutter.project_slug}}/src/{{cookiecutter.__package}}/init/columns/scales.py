"""Words that have an order, each scale from the least to the most; in lower case, without punctuation."""

# a line that begins with | goes on with the scale above it
_TEXT = """
none|trace|minimal|very low|lowest|low|lower|low medium|moderate|medium|med|mid|middle|normal|average|medium high
|high|higher|highest|very high|extreme|extremely high
none|no|absent|minor|slight|mild|moderate|serious|major|severe|very severe|critical|fatal
never|almost never|very rarely|rarely|seldom|occasionally|sometimes|often|frequently|very often|usually|mostly
|almost always|always
no|not at all|a little|slightly|a bit|somewhat|moderately|quite|quite a bit|very|very much|a lot|extremely
terrible|awful|very poor|very bad|poor|bad|weak|insufficient|below average|fair|average|medium|normal|ok|okay|typical
|sufficient|satisfactory|good|above average|very good|great|premium|superior|excellent|ideal|outstanding
strongly disagree|disagree|somewhat disagree|slightly disagree|neither agree nor disagree|neither|neutral|undecided
|slightly agree|somewhat agree|agree|strongly agree
very dissatisfied|dissatisfied|somewhat dissatisfied|neutral|somewhat satisfied|satisfied|very satisfied
very unlikely|unlikely|neutral|possible|likely|very likely|certain
aaa|aa+|aa|aa-|a+|a|a-|bbb+|bbb|bbb-|bb+|bb|bb-|b+|b|b-|ccc+|ccc|ccc-|cc|c|d
a+|a|a-|b+|b|b-|c+|c|c-|d+|d|d-|e|f|g
xxs|xs|s|m|l|xl|xxl|2xl|xxxl|3xl|4xl|5xl
tiny|extra small|x small|very small|small|compact|medium|midsize|mid|large|very large|extra large|x large|big|huge
|giant
very short|short|medium|long|very long
narrow|medium|wide|broad
light|medium|heavy
thin|medium|thick
very slow|slow|medium|normal|moderate|fast|very fast
freezing|very cold|cold|cool|mild|warm|hot|very hot
near|medium|far
underweight|normal|normal weight|overweight|obese|severely obese
new|young|middle|middle aged|adult|old|senior
baby|infant|toddler|child|teen|teenager|adolescent|young adult|adult|middle aged|senior|elderly
jan|january|feb|february|mar|march|apr|april|may|jun|june|jul|july|aug|august|sep|sept|september|oct|october|nov
|november|dec|december
januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember
mon|monday|tue|tues|tuesday|wed|wednesday|thu|thur|thurs|thursday|fri|friday|sat|saturday|sun|sunday
montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag
winter|spring|summer|autumn|fall
dawn|morning|noon|midday|afternoon|evening|dusk|night|midnight
none|no schooling|illiterate|preschool|1st 4th|5th 6th|7th 8th|9th|10th|11th|12th|elementary|elementary school
|primary|primary school|primary education|middle school|lower secondary|some high school|secondary|secondary school
|highschool|high school|hs grad|high school graduate|upper secondary|vocational|some college|assoc voc|assoc acdm
|associate|associates|associate s|associate s degree|college|tertiary|undergraduate|bachelor|bachelors|bachelor s
|bachelor s degree|university|university degree|graduate|master|masters|master s|master s degree|postgraduate
|prof school|professional|phd|doctorate|doctoral
novice|beginner|trainee|junior|intermediate|mid|advanced|senior|expert|lead|principal
freshman|sophomore|junior|senior
wood|bronze|silver|gold|platinum|diamond
free|basic|standard|plus|pro|premium|enterprise
first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth
i|ii|iii|iv|v|vi|vii|viii|ix|x
one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve
decrease|decreasing|decreased|down|same|stable|steady|unchanged|increase|increasing|increased|up
worse|same|better
not recommended|recommended|highly recommended
i3|i2|i1|si2|si1|vs2|vs1|vvs2|vvs1|if|fl
po|fa|ta|gd|ex
fail|failed|pass|passed
negative|neutral|positive
lose|loss|lost|draw|tie|win|won
bad|good
inactive|active
unsafe|safe
sehr niedrig|niedrig|gering|klein|mittel|mäßig|groß|hoch|sehr hoch
sehr schlecht|schlecht|mangelhaft|ausreichend|befriedigend|mittel|gut|sehr gut
nie|selten|manchmal|gelegentlich|oft|häufig|meistens|immer
très faible|faible|moyen|moyenne|élevé|élevée|très élevé|très élevée
jamais|rarement|parfois|souvent|toujours
muy bajo|bajo|baja|medio|media|alto|alta|muy alto
nunca|rara vez|a veces|a menudo|siempre
"""
SCALES = tuple(tuple(scale.split("|")) for scale in _TEXT.strip().replace("\n|", "|").splitlines())
