"""Words by which columns are recognised, in lower case and without accents: English, German, French, Spanish.

Phrases are separated by `|`; `wording.has_words` looks for them among the words of a name.
"""

PERSONAL_NAMES = {
    "names of persons": "first name|firstname|last name|lastname|surname|full name|fullname|given name|family name|"
    "middle name|maiden name|customer name|patient name|client name|employee name|user name|username|contact name|"
    "owner name|vorname|nachname|familienname|prenom|nom de famille|nombre completo|apellido|apellidos",
    "email addresses": "email|e mail|mail|mailadresse|courriel|correo|correo electronico",
    "telephone numbers": "phone|telephone|mobile phone|cell phone|telefon|telefonnummer|handy|handynummer|tel|telefono|"
    "movil|fax",
    "addresses": "address|street|street address|adresse|strasse|anschrift|rue|direccion|calle|domicilio",
    "national numbers of persons": "ssn|social security number|national id|nin|steuer id|steuernummer|"
    "sozialversicherungsnummer|personalausweis|passport|passport number|reisepass|passeport|pasaporte|dni|nie|nif|nir",
    "card numbers": "card number|credit card number|cc number|cardnumber|kartennummer|iban|kontonummer|account number",
    "dates of birth": "birth date|birthdate|date of birth|dob|birthday|geburtsdatum|geburtstag|date de naissance|"
    "fecha de nacimiento",
}
PROTECTED_NAMES = {
    "sex or gender": "sex|gender|geschlecht|sexe|sexo|genero|female|male|is female|is male",
    "race or ethnicity": "race|ethnicity|ethnic|ethnic group|ethnie|ethnische herkunft|hautfarbe|origine ethnique|raza|"
    "etnia|skin colour|skin color|black|hispanic|nonwhite|white|asian",
    "age": "age|ages|alter|lebensalter|edad|age group|age band|altersgruppe|birth year|year of birth|birthyear|"
    "geburtsjahr|annee de naissance|ano de nacimiento",
    "religion": "religion|religious|konfession|konfessionszugehorigkeit|glaube|confession|religiosidad|faith",
    "nationality or origin": "nationality|citizenship|country of birth|birth country|national origin|foreign worker|"
    "foreigner|native country|staatsangehorigkeit|nationalitat|staatsburgerschaft|geburtsland|nationalite|"
    "pays de naissance|nacionalidad|pais de nacimiento|immigrant|auslander",
    "disability": "disability|disabled|disabilities|handicap|behinderung|schwerbehindert|schwerbehinderung|handicape|"
    "discapacidad|minusvalia",
    "pregnancy": "pregnant|pregnancy|schwanger|schwangerschaft|enceinte|embarazada|embarazo",
    "sexual orientation": "sexual orientation|sexuelle orientierung|orientation sexuelle|orientacion sexual",
    "political opinion or union membership": "political party|party affiliation|union|union member|gewerkschaft|"
    "parteizugehorigkeit|syndicat|sindicato",
    "a place, which may stand for origin or race": "zip|zip code|zipcode|postcode|postal code|post code|plz|"
    "postleitzahl|code postal|codigo postal",
}
PROTECTED_VALUES = {
    "sex or gender": (
        "female|male|man|woman|men|women|mann|frau|mannlich|weiblich|homme|femme|masculin|feminin|hombre|mujer|"
        "masculino|femenino|diverse|divers|nonbinary"
    ),
    "race or ethnicity": (
        "white|black|asian|hispanic|caucasian|latino|african|american|native|indian|pacific|islander"
    ),
    "religion": (
        "christian|muslim|jewish|hindu|buddhist|catholic|protestant|orthodox|sikh|atheist|none|evangelisch|"
        "katholisch|muslimisch|catholique|musulman|catolico"
    ),
}
# letters that stand for sex where a column has no others
SEX_LETTERS = ({"m", "f"}, {"m", "w"}, {"h", "f"}, {"m", "f", "x"}, {"m", "w", "d"})
OPEN_VALUES = {"other", "unknown", "none", "no", "mixed", "not", "stated", "andere", "autre", "otro"}
# frequent ones; a third of the values that have one make a list of persons
FIRST_NAMES = (
    "james|john|robert|michael|william|david|richard|joseph|thomas|charles|christopher|daniel|matthew|anthony|"
    "mark|paul|steven|andrew|kenneth|george|edward|brian|kevin|jason|mary|patricia|jennifer|linda|elizabeth|"
    "barbara|susan|jessica|sarah|karen|nancy|lisa|margaret|sandra|ashley|emily|donna|michelle|laura|anna|emma|"
    "olivia|sophia|peter|hans|klaus|wolfgang|stefan|andreas|jurgen|matthias|sabine|ursula|monika|petra|heike|"
    "claudia|julia|katharina|lukas|felix|leon|jonas|pierre|jean|michel|philippe|alain|nicolas|marie|nathalie|"
    "isabelle|sylvie|catherine|francoise|monique|camille|lea|manon|jose|antonio|juan|manuel|francisco|luis|"
    "javier|carlos|miguel|pedro|maria|carmen|josefa|isabel|ana|dolores|pilar|teresa|lucia|mohammed|muhammad|"
    "ahmed|ali|fatima|omar|wei|li|chen|priya|raj|amit"
)
# whom several rows can be about
SUBJECTS = (
    "subject|patient|person|customer|client|user|household|family|school|account|member|animal|participant|pupil|"
    "student|player|company|firm|store|device|machine|employee|driver|kunde|kundin|patientin|schule|sujet|"
    "paciente|cliente|hospital|plant"
)
# of columns that are filled in afterwards: they add to other evidence, and decide nothing alone
OUTCOMES = (
    "outcome|result|status|decision|label|target|predicted|prediction|final|closed|settled|paid|recovered|refund|"
    "refunded|cancelled|resolved|actual|ergebnis|entscheidung|resultat|resultado"
)
IDENTIFIERS = (
    "id|ids|uuid|guid|unnamed|rownames|row names|row id|isbn|vin|token|hash|pk|userid|customerid|clientid|orderid|"
    "productid|passengerid|patientid|caseid|transactionid|accountid|memberid|studentid|employeeid|kundennummer|"
    "auftragsnummer|vertragsnummer|rechnungsnummer|aktenzeichen|kennung|identifiant|matricule|identificador"
)
# these identify if they come last, as in `invoice number`; elsewhere they may count
LAST_WORDS = "key|no|nr|num|number|nummer|numero|index|idx|code|row|record|serial"
TIMES = "year|month|day|week|date|time|timestamp|jahr|monat|tag|annee|ano|yr"
