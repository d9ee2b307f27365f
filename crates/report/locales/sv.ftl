# Messages of the reports: Swedish. Each language has the same messages with the same variables.

# Common
skip = Hoppa till resultaten
and = { $first } och { $last }
others = { $n } { $n ->
        [one] annan
       *[other] andra
    }
over = över { $figure }
under = under { $figure }
per = per { $what }
per-one = per { $metric }
cost-per = kostnad per { $metric }
goals-per = { $goals } per { $unit }
odds-of = odds för { $goals }
count-experiments = { $n } { $n ->
        [one] experiment
       *[other] experiment
    }

# Metrics and units
metric-lead = { $n ->
        [one] lead
       *[other] leads
    }
metric-visit = { $n ->
        [one] besök
       *[other] besök
    }
metric-meeting = { $n ->
        [one] möte
       *[other] möten
    }
metric-revenue = intäkter
metric-order = { $n ->
        [one] order
       *[other] ordrar
    }
metric-customer = { $n ->
        [one] kund
       *[other] kunder
    }
metric-conversion = { $n ->
        [one] konvertering
       *[other] konverteringar
    }
metric-click = { $n ->
        [one] klick
       *[other] klick
    }
metric-reply = { $n ->
        [one] svar
       *[other] svar
    }
metric-signup = { $n ->
        [one] anmälan
       *[other] anmälningar
    }
metric-brand-search = { $n ->
        [one] varumärkessökning
       *[other] varumärkessökningar
    }
metric-brand-click = { $n ->
        [one] varumärkesklick
       *[other] varumärkesklick
    }
metric-direct-visit = { $n ->
        [one] direktbesök
       *[other] direktbesök
    }
metric-qualified = { $n ->
        [one] kvalificerat lead
       *[other] kvalificerade leads
    }
unit-krone = krona
unit-impression = visning
unit-recipient = mottagare
exposure-spend = kostnad
exposure-impressions = visningar
exposure-recipients = mottagare
phase-prospecting = nya kunder
phase-upselling = merförsäljning
phase-loyalty = lojalitet
kind-campaign = kampanj
kind-programme = löpande program

# Labels
guarantee-exact = exakt
guarantee-robust = robust
guarantee-asymptotic = asymptotisk
guarantee-model = modell
guarantee-exact-means = Felrisken gäller exakt, hur ofta man än tittar och när man än slutar, eftersom personer lottades till armarna.
guarantee-robust-means = Felrisken gäller hur ofta man än tittar och när man än slutar, även när enstaka dagar är bättre eller sämre för en arm än slumpen ensam förklarar (i snitt över det dagsbrus som metoden räknar med).
guarantee-asymptotic-means = Felrisken gäller ungefär, och bättre ju mer data det finns; med få mål är den en vägledning och inget löfte.
guarantee-model-means = En modells läsning av siffrorna: ett rimligt val utan utlovad felrisk.
guarantee-unknown-means = Denna garanti är okänd för den här versionen av rapporten.
separation-randomised = lottad
separation-platform-split = plattformens delning
separation-geo = geografisk
separation-switchback = växelvis
separation-unrandomised = inte lottad
separation-randomised-means = Vem som fick vilken arm lottades, så en skillnad mellan armarna beror på armarna.
separation-platform-split-means = Plattformen avgjorde vem som såg vilken arm. Dess egen optimering kan ha visat dem för olika människor, så en skillnad säger vad som fungerar på plattformen, men inte i sig varför.
separation-geo-means = Armarna kördes på olika platser. En skillnad kan delvis bero på platserna, om de inte lottades och är många.
separation-switchback-means = Armarna kördes växelvis. En skillnad kan delvis bero på vad annat som hände vid de tidpunkterna.
separation-unrandomised-means = Inget höll isär armarnas målgrupper. En skillnad kan bero på målgrupperna: den säger var pengarna gav mer, inte vad som orsakade det.
separation-unknown-means = Detta slags åtskillnad är okänt för den här versionen av rapporten.
label-guarantee = garanti: { $name }
label-separation = åtskillnad: { $name }
none-yet = ingen ännu

# Statuses and outcomes
status-planned = planerad
status-to-the-end = till slutet
status-running = pågår
status-dropped = borttagen
status-tied = lika bra
status-unprofitable = för dyr
status-winner = vinnare
status-guardrail = gräns bruten
status-futile = utsiktslös
status-running-means = Får budget och bedöms vid varje titt.
status-dropped-means = Bevisad att inte vara bäst; får ingen mer budget.
status-tied-means = Lika bra som en billigare arm inom angiven marginal; budgeten frigjordes.
status-unprofitable-means = Bevisad att kosta mer per mål än gränsen; får ingen mer budget.
status-winner-means = Armen att gå vidare med.
status-guardrail-means = Stoppad för att en angiven gräns bröts.
status-futile-means = Stoppad för att den inte hann visa något under återstående tid.
outcome-no-data = inga data ännu
outcome-open = för tidigt
outcome-narrowed = inringad
outcome-winner = vinnare
outcome-best-bet = bästa gissning
outcome-tied = lika
outcome-unprofitable = för dyrt
outcome-mixed = en kvar
outcome-unproven = inget bevis
outcome-single = en arm
outcome-stopped = stoppad
state-planned = inte startat
state-running = pågår
state-closed = avslutat

# Verdicts
verdict-planned = Inte startat ännu: inget har använts och inget är känt.
verdict-no-period = Inga resultat ännu: ingen period med siffror är klar, så inget kan sägas.
verdict-no-results = Inga resultat kom in före slutet, så inget kan sägas.
brought = { $arm } gav { $n } { $goals }
brought-for = { $arm } gav { $n } { $goals } för { $spent }
brought-each = { $arm } gav { $n } { $goals } för { $spent }, { $cost } { $each }
one-arm-alone = med en arm finns inget att jämföra med
and-was-stopped = den stoppades{ $when }
verdict-no-arm-pays = Ingen arm lönar sig: { $why }.
verdict-only-one-pays = { $arm } är den enda armen som inte är för dyr: { $why }.
verdict-all-stopped = Alla armar stoppades: { $fates }.
verdict-wins = { $arm } vinner: den ger { $times }; { $fates }.
verdict-wins-plainly = { $arm } vinner; { $fates }.
verdict-left = { $arm } är den arm som är kvar: { $fates }.
equally-good = { $arms } är lika bra
between-times = { $amount ->
        [much] (mellan { $lower } och { $upper } gånger i { $goals })
       *[many] (mellan { $lower } och { $upper } gånger så många { $goals })
    }
goes-on-alone = { $arm } fortsätter ensam
money-stays-with = pengarna stannar hos { $arm }, den billigaste
times-as-many = { $amount ->
        [much] { $ratio } gånger så mycket som { $other } i { $goals } { $interval }
       *[many] { $ratio } gånger så många { $goals } som { $other } { $interval }
    }
interval-between = (mellan { $lower } och { $upper })
interval-at-least = (minst { $lower })
interval-at-most = (högst { $upper })
interval-none = (utan bevisad gräns ännu)
best-bet-with-chance = { $arm } är den bästa gissningen med en chans på { $chance } att vara den bästa armen
best-bet = { $arm } är den bästa gissningen
it-brought = den gav { $times }
models-choice = det är en modells val, inte ett bevis
before-that = Dessförinnan: { $fates }.
verdict-no-proof = Inget bevis: med { $n } { $goals } totalt kunde ingen arm skiljas från de andra före slutet
verdict-too-early = För tidigt att säga: { $n } { $goals } hittills, och ingen arm är bevisat bättre eller sämre
not-told-apart = { $arms } kunde inte skiljas åt före slutet
still-in = { $arms } är { $n ->
        [one] fortfarande
       *[other] fortfarande
    } med
leads = { $arm } leder med en chans på { $chance } att vara den bästa armen enligt modellen
fate-dropped = { $arms } togs { $n ->
        [one] bort
       *[other] bort
    }{ $when }
fate-unprofitable = { $arms } visade sig vara { $n ->
        [one] för dyr
       *[other] för dyra
    }{ $when }
fate-tied = { $arms } släpptes som { $n ->
        [one] lika bra
       *[other] lika bra
    } som en billigare arm{ $when }
fate-guardrail = { $arms } { $n ->
        [one] stoppades
       *[other] stoppades
    } av en gräns{ $when }
fate-futile = { $arms } stoppades eftersom { $n ->
        [one] den
       *[other] de
    } inte kunde visa mer{ $when }
too-dear = { $arms } visade sig{ $when } kosta { $n ->
        [one] mer
       *[other] mer
    } än { $limit } { $each }
too-dear-unlimited = { $arms } visade sig{ $when } kosta { $n ->
        [one] mer
       *[other] mer
    } än gränsen
promise-proven = Chansen att en bästa arm någonsin tas bort är högst { $alpha }.
promise-about = Chansen att en bästa arm någonsin tas bort är högst ungefär { $alpha }.
promise-none = Detta vilar på en modell utan utlovad felrisk.
on-day = den { $day }
between-days = mellan den { $first } och den { $last }

# What to do next
next = Nästa steg:
and-more = (och { $n } till)
next-check-failed = Titta på data först, eftersom en kontroll misslyckades och besluten har stoppats: { $why }
next-approve = Godkänn eller avslå { $n ->
        [one] den föreslagna flytten
       *[other] de { $n } föreslagna flyttarna
    }: { $command }.
next-launch = Starta det, eller ta ut det ur månaden.
next-find-out = Ta reda på varför kanalen inte rapporterade något innan det prövas igen.
next-wait = Inget att göra: vänta på kanalens första hela period.
next-go-on-with-several = Gå vidare med { $arms } nästa månad, och pröva något nytt vid sidan av.
next-let-run = Inget att göra: låt det gå. Det bedöms igen med nästa siffror.
next-keep-winner = Behåll { $arm }, och pröva något nytt mot den nästa månad.
next-best-bet = Gå vidare med { $arm }; upprepa jämförelsen om det vore dyrt att ha fel.
next-tied = Behåll { $arm }; nästa idé bör skilja sig mer från den.
next-challenger = Behåll { $arm }, och ge den en utmanare som kan löna sig.
next-stop = Stoppa { $arm }.
next-change = Byt erbjudande, målgrupp eller kanal innan mer läggs på detta.
next-other-grounds = Välj på annan grund, som pris eller smak; eller försök igen med en större skillnad eller mer pengar.
next-single-over = Ge den en utmanare nästa månad, så att något lärs.
next-runs-on = Inget att göra: det går vidare.
next-look-why = Titta på varför armarna stoppades innan det prövas igen.

# Experiment page
eyebrow-experiment = Experiment
experiments = experiment
more-channels = { $n } { $n ->
        [one] kanal
       *[other] kanaler
    } till
figures-to = siffror till { $day }
what-these-promise = vad de lovar
method = Metod
method-alpha = Accepterad chans att någonsin ta bort den bästa armen: { $alpha }.
method-noise = Funnet dagsbrus: { $noise }.
method-looks = Tittar: { $n }.
plots = Diagram
how-sure = Hur säkert är det?
how-sure-text = { $amount ->
        [much] Över linjen 1× har den förstnämnda armen högre { $goals } än den andra. Bandet rymmer det sanna förhållandet; det smalnar av när siffrorna kommer. Varje streck längst ned är en titt.
       *[many] Över linjen 1× ger den förstnämnda armen fler { $goals } än den andra. Bandet rymmer det sanna förhållandet; det smalnar av när siffrorna kommer. Varje streck längst ned är en titt.
    }
strongest-drawn = De { $n } jämförelserna med starkast bevis är ritade; tabellen nedan har alla.
against = mot { $arm }
evidence = Bevis
evidence-text = En arm tas bort när beviset mot den når { $threshold }. Högst { $alpha } av de bästa armarna skulle någonsin nå dit av en slump. Chansen att vara bäst är en modells läsning och tar inte bort någon.
dropped-at = En arm tas bort vid { $threshold }.
plot-evidence = Bevis för att en arm inte är bäst (e-värde); vid { $threshold } tas den bort
plot-evidence-title = Beviset mot varje arm över tid
plot-chance = Chans att vara den bästa armen (modell)
plot-chance-title = Chansen att vara den bästa armen över tid
plot-ratio = { $arm } mot { $against }: { $goals } över tid
no-look-yet = Ingen titt ännu.
plot-looks = { $n } { $n ->
        [one] dag
       *[other] dagar
    } med en titt, den senaste den { $day }.
plot-times = { $ratio } gånger så mycket.
plot-no-ratio = Inget förhållande ännu.
plot-between = Mellan { $lower } och { $upper }.
plot-at-least = Minst { $lower }.
plot-at-most = Högst { $upper }.
plot-no-bound = Ingen gräns ännu.
plot-money = Använda pengar
plot-total = { $amount } under { $n } { $n ->
        [one] dag
       *[other] dagar
    }. Samma siffror finns i tabellen över dagar.
by-arm-and-day = { $what } per arm och dag
line-is-commanded = strecket på en stapel är det som beställdes
goals-booked = bokförda på exponeringens dag, så de senaste dagarna kan ännu växa
goals-by-day = { $goals } per dag
where-money-went = Vart pengarna gick
who-was-reached = Vilka som nåddes
commanded = beställt
other-arms = { $n } { $n ->
        [one] annan arm
       *[other] andra armar
    }
other-arms-table = { $n } till i tabellen
the-other-arms = de andra armarna
cost-plot-text = Märket är det uppmätta; linjen rymmer den sanna kostnaden med { $level }, vid alla tittar tillsammans. En öppen ände betyder att inget är bevisat åt det hållet.
cost-plot-limit = Den lodräta linjen är gränsen på { $limit }.
limit-mark = gräns { $limit }
the-arms = Armarna
arms-text = Takt: { $goals } { $per }. Bevis: en arm tas bort när det når { $threshold }. Chans bäst: modellens läsning.
arms-limit = Gräns: { $limit } { $each }.
named-arms = { $name }: armarna
named-pairs = { $name }: alla par
named-days = { $name }: dag för dag
named-moves = { $name }: flyttar
even-split = Vad en jämn fördelning hade kostat
even-split-more = Med en jämn fördelning av samma { $spent } hade de förlorande armarna fått { $saved } mer.
even-split-goals = Med armarnas uppmätta takt hade det gett omkring { $n } färre { $goals }.
even-split-less = De förlorande armarna fick { $more } mer än en jämn fördelning hade gett dem.
the-other = den andra
control = kontroll
less-more = mindre ⟷ mer
all = Alla
col-arm = Arm
col-status = Status
col-spent = Använt
col-rate = Takt
col-chance = Chans bäst
col-evidence = Bevis för att ta bort
col-first = Första
col-second = Andra
col-ratio = Förhållande
col-between = Mellan
col-first-beats = Första slår andra
col-second-beats = Andra slår första
col-first-better = Chans att första är bättre
col-day = Dag
col-commanded = Beställt
col-when = När
col-daily-budget = Dagsbudget
col-why = Varför
col-approval = Godkännande
col-receipt = Kvittens
col-experiment = Experiment
col-outcome = Utfall
col-goals = Mål
col-cost-per-goal = Kostnad per mål
col-guarantee = Garanti
col-separation = Åtskillnad
behind-the-verdict = Bakom domen
definition-as-launched = Definitionen som den startades
quality-passed = Datakvalitet: alla { $n } kontroller godkända
quality-failed = Datakvalitet: { $failed } av { $n } kontroller misslyckades, besluten har stoppats
quality-warned = Datakvalitet: { $warned } av { $n } kontroller varnar, besluten fortsätter
passed = godkänd
failed = misslyckad
warned = varning
every-pair = Alla par ({ $n })
every-pair-text = { $measure ->
        [odds-ratio] Förhållandet mellan oddsen med dess konfidenssekvens; e-värden i varje riktning ({ $threshold } är bevis vid accepterade { $alpha }); chans enligt modellen.
        [ratio-of-means] Förhållandet mellan medelvärdena med dess konfidenssekvens; e-värden i varje riktning ({ $threshold } är bevis vid accepterade { $alpha }); chans enligt modellen.
        [ratio-of-figures] Förhållandet mellan de två summorna med dess konfidenssekvens; e-värden i varje riktning ({ $threshold } är bevis vid accepterade { $alpha }); chans enligt modellen.
       *[rate-ratio] Förhållandet mellan takterna med dess konfidenssekvens; e-värden i varje riktning ({ $threshold } är bevis vid accepterade { $alpha }); chans enligt modellen.
    }
day-by-day = Dag för dag ({ $n } { $n ->
        [one] dag
       *[other] dagar
    })
day-by-day-text = Som rapporterat hittills, bokfört på exponeringens dag. Ett streck är en siffra som inte rapporterades, inte en nolla.
moves = Flyttar ({ $n })
moves-text = Varje flytt från avsikt till kvittens. Tider är i { $timezone }.
move-number = nr { $n }
paused = pausad
as-before = som förut
launch = start
approval-not-needed = behövs inte
approval-awaited = inväntas
approval-approved = godkänd
approval-declined = avslagen
receipt-not-sent = inte skickad
receipt-given-up = uppgiven
receipt-replaced = ersatt av en senare
receipt-sent = skickad, inget svar
receipt-applied = utförd
receipt-not-applied = inte utförd
receipt-refused = nekad
receipt-unknown = okänd
rows-cut = De första { $shown } av { $n } rader; JSON-filen har alla.

# What was recorded
check-name = { $check ->
        [reported] siffror på plats
        [counted] mål räknade
        [possible] möjliga siffror
        [backed] mål med täckning
        [commands-obeyed] budgetar följda
        [sample-ratio] personer fördelade som beställt
        [missing-periods] inga dagar saknas
        [delivery] leverans
        [day-noise] dagsbrus
        [dominated-periods] enstaka stora värden
        [restatements] rättade siffror
        [stale-feed] färska siffror
       *[other] { $check }
    }
check-passed-said = { $check ->
        [reported] det finns siffror för alla armar som går.
        [counted] målen för varje exponering är rapporterade.
        [possible] siffrorna kan vara vad de utger sig för.
        [backed] alla mål hör till en exponering.
        [commands-obeyed] ingen arm har skenat med sin budget.
        [sample-ratio] personer fördelades som beställt.
        [missing-periods] ingen tidigare dag saknas.
        [delivery] plattformarna levererar det de blir tillsagda.
        [day-noise] enskilda dagar svänger inte mer än testerna tar höjd för.
        [dominated-periods] inget värde överskuggar resten.
        [restatements] ingen siffra rättades utöver det vanliga.
        [stale-feed] allt är rapporterat så snabbt som vanligt.
       *[other] godkänd.
    }
check-failed-said = { $check ->
        [reported] en arm som går saknar siffror.
        [counted] målen för en exponering är inte rapporterade, inte ens som noll.
        [possible] det finns siffror som inte kan vara vad de utger sig för.
        [backed] det finns mål utan någon exponering.
        [commands-obeyed] en plattform använder pengar som ingen har beställt; titta på budgeten där.
        [sample-ratio] personer fördelades inte som beställt; ta reda på vem som lämnades utanför innan något resultat tas på allvar.
        [missing-periods] tidigare dagar saknas; en rad som saknas är inte en nolla.
        [delivery] en plattform levererar mycket mindre eller mer än den blev tillsagd; titta där.
        [day-noise] enskilda dagar svänger mer än testerna tar höjd för; leta efter dagar som gick fel.
        [dominated-periods] enstaka värden överskuggar resten; titta på dem, eller ange ett tak.
        [restatements] siffror rättades; vänta tills de har lagt sig.
        [stale-feed] siffrorna är försenade; fråga kanalen.
       *[other] misslyckades.
    }
brings-more = { $how ->
        [less] { $arm } ger { $amount } mindre { $per } än { $other } { $interval }.
       *[more] { $arm } ger { $amount } mer { $per } än { $other } { $interval }.
    }
col-difference = Skillnad { $per }
cause-month-begins = månaden börjar
cause-share = dess del av dagens budget enligt regeln
cause-dropped = den är bevisad att inte vara bäst
cause-tied = den är lika bra som en arm som behålls
cause-unprofitable = den är bevisad att vara för dyr
cause-guardrail = en gräns bröts
cause-futile = den kan inte längre visa något
cause-month-over = månaden är slut
receipt-settled = utrett genom att fråga plattformen
method-noisy = Betingad likelihood med en blandning över dagsbrus
method-exact = Betingad likelihood, exakt
method-people = Betingade två gånger två-tabeller, exakt
method-means = Medelvärden med en konfidenssekvens
method-figures = Kvoten mellan två summor, deltametoden
method-learned = förhandskunskap lärd av { $n } stängda { $n ->
        [one] experiment
       *[other] experiment
    }

# Month page
eyebrow-month = Månadens experiment
eyebrow-rehearsed = Repetition av månaden
rehearsed-title = Spelat, inte använt.
rehearsed-text = Den här månaden spelades mot en konstgjord marknad med de sanningar som definitionerna anger. Ingen kanal anropades och inga pengar flyttades.
rehearsed-short = repetition, inga pengar använda
no-experiment = Inget experiment kördes den här månaden. En månad utan lär oss inget nytt.
of-budget = av { $budget }
of-wanted = av { $n } önskade
decided = Avgjort
of-experiments = av { $n } { $n ->
        [one] experiment
       *[other] experiment
    }
not-spent-on-losers = Inte lagt på förlorare
against-even-split = mot en jämn fördelning
waiting-for-you = Väntar på dig
proposed-moves = { $n ->
        [one] föreslagen flytt
       *[other] föreslagna flyttar
    }
lede-none = Inget experiment är definierat för den här månaden.
lede-decided = avgjorda
lede-narrowed = inringade
lede-open = ännu öppna
lede-no-data = utan data
lede-unproven = slut utan bevis
lede-single = utan något att jämföra
at-a-glance = Överblick
how-to-read-bands = Så läses banden: vid varje tidpunkt under månaden ligger det sanna förhållandet innanför med den angivna säkerheten, hur ofta man än tittar. Ett band som lämnar linjen 1× är bevis för en skillnad; ett som rör den är det inte.
made-by = Gjord av { $generator } den { $when }. Dagar är i { $timezone }. Rapportens JSON har alla siffror exakt.
todo-title = Det här ska göras nu
todo-nothing = Ingenting: alla experiment går av sig själva, och inget av dem behöver någon i dag.
todo-more = { $n } till behöver också någon.
todo-quiet = { $n } experiment går av sig { $n ->
        [one] självt
       *[other] själva
    }; där är inget att göra.
outcomes-title = Hur står de?
all-link = Hitta vilket som helst av de { $n } experimenten
all-title = Alla { $n } experiment
all-text = { $shown } visas i sin helhet ovan: de som behöver någon, och de som det är mest pengar i. { $command } NAMN gör sidan för vilket annat som helst.

# Terminal
spent-of = { $spent } av { $budget }
spent = { $spent } använt
saved-on-losers = { $saved } inte lagt på förlorare
moves-wait = { $n } { $n ->
        [one] föreslagen flytt väntar
       *[other] föreslagna flyttar väntar
    } på godkännande
check-failed = datakontroll misslyckades: { $name }: { $why }
check-warned = datavarning: { $name }: { $why }
term-arm = arm
term-status = status
term-ratio = kvot
term-between = mellan
term-best = bäst
term-experiment = experiment
term-outcome = utfall
term-goals = mål
term-each = styckpris
term-guarantee = garanti
term-separation = åtskillnad

# The month as a whole
pace = Ligger vi i fas?
pace-so-far = { $n } av { $target } { $goals } per { $day }; en jämn takt hade gett { $due }.
pace-no-data = { $target } { $goals } önskas; inga siffror har kommit ännu.
pace-forecast = Fortsätter det så här slutar månaden på ungefär { $mean }, med { $level } mellan { $lower } och { $upper }. Chansen att nå målet är { $chance }.
pace-method = Prognosen räknar med att kommande dagar blir som de hittills, och lika olika (kvasi-Poisson; en modell). Sena mål och ändrade budgetar ingår inte.
pace-due-mark = väntat nu: { $due }
pace-target-mark = mål: { $target }
key-so-far = hittills
key-forecast = prognos
key-best-guess = bästa gissning
key-at-least = minst detta
key-may-be = kan vara upp till detta
none-launched = Inget nytt experiment startades den här månaden. En månad utan lär oss inget nytt.
trust-title = Hur långt kan vi lita på detta?
trust-none = Ingen arm togs bort i de { $n } bedömda { $n ->
        [one] experiment
       *[other] experimenten
    }, så ingen bästa arm gick förlorad.
trust = { $n } { $n ->
        [one] arm
       *[other] armar
    } togs bort i { $judged } bedömda experiment. I snitt förlorade högst { $wrong } av dessa experiment därmed sin bästa arm. Bedömda tillsammans håller { $hold } av dem med högst 5 % falska bland dem.
saved-sentence = { $saved } gick till bättre armar i stället för armar som bevisligen förlorar, mot en jämn fördelning.
saved-nothing = Inga pengar är kända att ha flyttats från förlorande armar den här månaden.
market-title = Marknaden som helhet
market-line = { $goals }: { $n } på { $reported } av { $days } { $days ->
        [one] dag
       *[other] dagar
    }.
market-change = En rapporterad dag har { $ratio } gånger så många som en av samma dagar i { $month } (mellan { $lower } och { $upper }).
market-caveat = De här siffrorna hör inte till något experiment: årstid, trender och vad andra gör finns med i dem.
days-reported = på { $reported } av { $days } { $days ->
        [one] dag
       *[other] dagar
    }
answers-title = Besvaras leads i tid?
answers = { $n } { $n ->
        [one] lead
       *[other] leads
    } fick ett första svar efter { $hours } timmar i snitt.
answers-late = Det är senare än angivna { $limit } timmar: ingen vinnare förstärks förrän sälj hinner med.
answers-in-time = Det är inom angivna { $limit } timmar.
winners-title = Vad tidigare vinnare är värda
winners-text = En vinnares uppmätta vinst är i snitt för stor, eftersom den valdes för den. Det man bör tro är draget mot noll efter hur mycket armar brukar skilja sig i alla avslutade experiment (en modells läsning).
an-even-split = en jämn fördelning
past-winner = { $arm } i { $experiment } mätte { $measured } gånger { $against }; tro på { $believed } gånger (mellan { $lower } och { $upper }).
past-winner-unmeasured = { $arm } i { $experiment } mot { $against }: tro på { $believed } gånger (mellan { $lower } och { $upper }).
past-winner-tail = Efter att pengarna tog slut kom ytterligare { $n } { $goals }.
phases-title = Efter fas i kundresan
col-phase = Fas
col-experiments = Experiment
col-channel = Kanal
col-value-per = Värde per { $unit }
channels-title = Vilken kanal ger mest för pengarna?
channels-text = Varje intervall rymmer den sanna snittkostnaden med { $level }, vid alla tittar tillsammans; där intervall överlappar är inget bevisat. Kanaler når olika människor: det säger var pengarna gav mer, inte varför.
value-title = Vad gav det för vad det kostade?
value-unknown = Det kostade { $cost }. Vad målen är värda är inte angivet, så inget kan sägas om avkastningen.
value-against-cost = Målen är värda ungefär { $value }, troligen mellan { $lower } och { $upper }; alltihop kostade { $cost }.
value-return = För varje { $unit } som gick ut kom ungefär { $mean } tillbaka; det kan vara så lite som { $lower } eller så mycket som { $upper }.
value-without-worth = Inte medräknat, eftersom inget värde är angivet: { $goals }.
worth-line = { $n } { $goals } à { $each } (plus/minus { $spread }): { $value }
worth = värda { $value }
worth-not-added = Vad möten och senare steg är värda läggs inte till värdet nedan: de kommer av samma leads.
no-costs-stated = Timmar, byrå och verktyg ingår inte: de anges under [costs] i gevinst.toml.
value-caveat = Värdena är företagets egna uppskattningar. Alla mål som bokförts på en betald exponering räknas, även sådana som kanske hade kommit ändå.
media = medier
cost-hours = timmar
cost-agency = byrå
cost-tools = verktyg
return-title = Värde mot kostnader
it-cost = Det kostade
it-brought-back = Det gav

# Management page
management-title = Vad marknadsföringen gav: { $month }
management-eyebrow = Till ledningen
decision-title = Ett beslut efterfrågas
decide-approve = Godkänn eller avslå { $n ->
        [one] flytten som väntar
       *[other] de { $n } flyttar som väntar
    }: till dess stannar pengarna där de är.
decide-pace = Månaden är på väg mot { $mean } av { $target } { $goals }: sänk målet, eller gör något annat.
decide-pace-with-cost = Månaden är på väg mot { $mean } av { $target } { $goals }: sänk målet, eller lägg till ungefär { $more } på { $channel }, hittills billigast, om mer kan köpas där till dagens kostnad.
decide-try = Besluta vad som ska prövas nästa månad: den här månaden prövades inget nytt.
decide-winner = Gör { $arm }, som vann { $experiment }, till standard från nästa månad.
decide-nothing = Inget den här månaden: låt experimenten gå.
activity-title = Aktivitet och varumärke
brand-unknown = Ingen kanal rapporterar varumärkessökningar eller direkttrafik.
business-title = Affär
business-unknown = Inga mål är kända ännu.
not-wasted = Pengar som inte slösades bort
learned-title = Vad vi lärde oss
learned-nothing = Inget bevisades den här månaden.

# Library and comparison
library-eyebrow = Allt som har prövats
library-title = Bibliotek över experiment
library-lede = { $n } { $n ->
        [one] experiment
       *[other] experiment
    }, den senaste månaden först.
library-words = Ord
library-empty = Inget har prövats ännu.
compare-title = Månader bredvid varandra
compare-text = Samma siffror för varje månad. Månader skiljer sig åt i mer än vad som prövades, så en skillnad är inget bevis.
col-month = Månad

# Served pages
served-title = gevinst: levande rapport
served-pages = Sidor
served-page = Rapport
served-nothing-waits = Ingen flytt väntar på godkännande.
served-waiting = { $n } { $n ->
        [one] flytt väntar
       *[other] flyttar väntar
    } på godkännande
served-approve = Godkänn
served-decline = Avslå
served-approve-one = Godkänn { $key }
served-decline-one = Avslå { $key }
