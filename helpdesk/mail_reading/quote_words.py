"""Words that mail programs write above quoted and forwarded mail, as data, in some forty languages."""

from __future__ import annotations

# Header names as Outlook, Apple Mail, Gmail, Yahoo and others translate them. A name may stand in one family only.
HEADER_WORDS: dict[str, str] = {
    "from": (
        "expeditorul|dari:|lähettäjän|kust|from|fra|frå|från|lähettäjä|von|absender|de|da|van|od|от|від"
        "|от кого|від кого|изпратено от|发件人"
        "|寄件者|寄件人|發件人|差出人|送信者|送信元"
        "|보낸 사람|보낸사람|발신|발신자|kimden|gönderen|feladó|de la|expéditeur|remitente|remetente|mittente"
        "|afzender|από|αποστολέας|od koho"
        "|odosielateľ|odesílatel|nadawca|отправитель|відправник|подател|šalje|pošiljatelj|šalje se|pošiljalac"
        "|шаље|од|מאת|‏מאת|من|المرسل|از|فرستنده"
        "|จาก|từ|người gửi|dari|pengirim|daripada|nuo|siuntėjas|no|sūtītājs|saatja|kellelt|frá|sendandi|nga"
        "|nork|remitent|expeditor|mula kay|oddano od"
        "|desde|emetteur|émetteur|lähde|mottatt fra|प्रेषक|द्वारा|প্রেরক|அனுப்புநர்"
    ),
    "to": (
        "adresat|destinatarul|destinatari|destinataires|destinatarios|mottaker|mottakere|modtager|mottagare"
        "|ontvangers|to|til|till|vastaanottaja|kenelle|an|empfänger|à|a|para|aan|do|komu|кому|до|до кого"
        "|收件人|宛先"
        "|送信先|收信人|받는 사람|받는사람|수신|수신자"
        "|kime|alıcı|címzett|către|destinataire|destinatario|destinatário|ontvanger|προς|παραλήπτης|pre|pro"
        "|adresát|odbiorca|получатель|одержувач"
        "|получател|za|prima|prejemnik|primatelj|за|אל|‏אל|إلى|الى|المستلم|به|گیرنده|ถึง|tới|đến|người nhận"
        "|kepada|ke|untuk|kam|kam:|gavėjas|kellele"
        "|saaja|til hvem|viðtakandi|për|nori|per a|komu:|प्रति|प्राप्तकर्ता|প্রাপক|பெறுநர்"
    ),
    "cc": (
        "másolatot kapja|copie carbone|cc|kopi|kopia|kopio|kopie|copie à|copie|copia|cópia|in kopie|copy|dw"
        "|do wiadomości|копия|копія|копие"
        "|抄送|副本|參考|참조|bilgi|másolatot kap"
        "|másolat|κοιν|κοινοποίηση|коп|kp|kópia|v kopii|skrytá kopie|cc:|c.c.|c.c|עותק|‏עותק|העתק|نسخة"
        "|نسخة إلى|رونوشت|สำเนา|สำเนาถึง|đồng gửi|tembusan|salinan"
        "|kopija|koopia|afrit|samrit|kk|kpia|cc/|kopja"
    ),
    "bcc": (
        "bcc|blindkopi|dold kopia|hemlig kopia|piilokopio|cci|cco|ccn|bk|udw|скрытая копия|密件抄送|密送"
        "|숨은 참조|gizli"
    ),
    "date": (
        "日付|tid|dikirim pada|date|sent|dato|sendt|datum|skickat|skickat den|päivämäärä|lähetetty|päiväys"
        "|gesendet|gesendet am"
        "|date d'envoi|envoyé|envoyé le|fecha|enviado|enviado el"
        "|enviado em|enviada em|enviada|enviadas|data|inviato|data invio|verzonden|verstuurd|wysłano|wysłany"
        "|data wysłania|дата|отправлено|отправлен|надіслано|відправлено"
        "|изпратено|изпратен|发送时间|發送時間|日期|时间|寄件日期|傳送時間|傳送日期|日時|送信日時|送信日|날짜"
        "|보낸 날짜|보낸날짜|발신일|tarih|gönderme tarihi|gönderildi"
        "|dátum|elküldve|küldve|trimis|dată|ημερομηνία|στάλθηκε|εστάλη|odesláno|odoslané|poslano|poslato"
        "|послано|датум|תאריך|‏תאריך|נשלח|‏נשלח|التاريخ|تاريخ|تم الإرسال"
        "|أرسلت|تاریخ|วันที่|ส่ง|ngày|đã gửi|vào ngày|tanggal|dikirim|tarikh|dihantar|data:|išsiųsta|datums"
        "|nosūtīts|kuupäev|saadetud|dags|dagsetning|sendt den"
        "|enviat|bidalia|date/time|sent on|sent at|दिनांक|भेजा गया|তারিখ|தேதி|datë|datumas"
    ),
    "subject": (
        "subiectul|subject|emne|ämne|aihe|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|temat|тема|主题|主旨"
        "|主題|標題|件名|제목|konu|tárgy|subiect|θέμα|předmět"
        "|predmet|naslov|zadeva|предмет|относно|נושא|‏נושא|الموضوع|موضوع|เรื่อง|หัวเรื่อง|chủ đề|tiêu đề"
        "|subjek|perihal|judul|tema|temats|teema|efni|subjekt|assumpte"
        "|gaia|re|ang|vedr|risposta|विषय|বিষয়|பொருள்|objekt|titolo"
    ),
    "reply_to": (
        "reply-to|reply to|svar til|svara till|svar-til|antwort an|répondre à|responder a|responder para"
        "|rispondi a|antwoord aan|antwoorden aan|odpowiedz do"
        "|vastausosoite|vastaa osoitteeseen|odpovědět komu|odgovori|ответить|кому ответить|відповісти|回复"
        "|回覆|返信先|답장|yanıtla|yanıt adresi|válaszcím|räspundere|réponse à"
    ),
}
HEADER_FAMILY: dict[str, str] = {
    word.strip(": "): family for family, words in HEADER_WORDS.items() for word in words.split("|")
}

# "wrote" and its kin, as they stand in "On … Jane wrote:". Latin and Cyrillic words are matched as whole words.
WROTE_WORDS = (
    "wrote|writes|sent|said|replied|skrev|skreiv|skriver|kirjoitti|kirjoittaa|schrieb|schreibt|geschrieben"
    "|a écrit|à écrit|écrit|a ecrit|écrivait|escribió|escribio"
    "|escribiu|ha scritto|scrive|scritto|schreef|geschreven|schrijft|napisał(a)|napisał|napisała|napisal"
    "|napisała/-a|pisze|użytkownik|escreveu|escrevia|написал(а)|написал"
    "|написала|написал(a)|писал(а)|писал|пишет|написав|написала|написав(ла)|писав|пише|написа|напиша"
    "|napsal(a)|napsal|napsala|napísal(a)|napísal|napísala|írta|ezt írta"
    "|a következőt írta|következőt írta|a scris|έγραψε|έγραψαν|έγραψε τα εξής|napisao|napisala|napisao(la)"
    "|napisao/la|je napisao|je napisala|napisao/napisala|je napisal|piše|va escriure|ha escrit|idatzi du"
    "|đã viết|viết|menulis|napisał(a):|yazdı|şunu yazdı|şunları yazdı|şöyle yazdı|rašė|parašė|rakstīja"
    "|kirjutas|skrifaði|skrifar|reiste|het geskryf|skryf|shkroi|ka shkruar"
    "|shkruan|aliandika|sumulat|scríobh|ysgrifennodd|skreiv så|напісаў|напісала|жазды|yozdi|yazıb|записа"
)
WROTE_SIGNS = (
    "写道|寫道|写到|寫到|写信|來信|书写|撰寫|のメール|書きました|書いた|さんのメッセージ|を書き込み|wrote"
    "|작성|썼습니다|님이 쓴|쓴 글|보냈습니다|写了"
    "כתב|כתבה|כתב/ה|‏כתב|كتب|كتبت|نوشت|เขียน|ได้เขียน|ने लिखा|लिखा|লিখেছেন|எழுதினார்|написал"
)
# How the line above a quotation may begin, besides with a date.
OPENER_WORDS = (
    "on|le|am|el|il|em|op|den|på|w dniu|dnia|dne|dňa|in data|vào|vào lúc|lúc|pada|a|az|la|pe|στις|ke|dana|u"
    "|od|на|в|у|во|від|от|tarihinde|la data de|na|o|ngày|il giorno"
    "|þann|at|kl|klo|dana|viernes|jueves|em|fecha|date|dt|datum|пн|вт|ср|чт|пт|сб|вс|нд|2|ב|ב-|ב־|بتاريخ|في"
    "|در|เมื่อ|เมื่อวันที่|di|tanggal|kuupäeval|gada|dienā|den|the|op|zo|ma|di|wo|do|vr|za"
    "|mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn|mon|tue|wed|thu|fri|sat|sun|mo|mi|fr|sa|so|lun|mar|mer"
    "|mié|jeu|jue|ven|vie|sam|sáb|dim|dom|gio|mie|mer|joi|vin|qua|qui|sex|seg|ter|qui"
    "|pon|wt|śr|czw|pt|sob|niedz|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mandag|tirsdag"
    "|onsdag|torsdag|fredag|lørdag|søndag|måndag|tisdag|lördag|söndag|montag|dienstag"
    "|mittwoch|donnerstag|freitag|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes"
    "|martes|miércoles|sábado|domingo|lunedì|martedì|mercoledì|giovedì"
    "|venerdì|sabato|domenica|maanantai|tiistai|keskiviikko|torstai|perjantai|lauantai|sunnuntai|maanantaina"
    "|ma|ti|ke|to|pe|la|su"
)
OPENER_SIGNS = "在|于|於|寄件日期|发件时间|日期|年|ב|في|בתאריך"

# "Original message" and "Forwarded message" as they stand between dashes or alone.
ORIGINAL_WORDS = (
    "please type your reply above this line|please reply above this line|reply above this line|write above this line"
    "|type above this line|svar over denne linjen|skriv svaret ditt over denne linjen"
    "|svara ovanför denna rad|svar over denne linje"
    "|bitte antworten sie oberhalb dieser linie|répondez au-dessus de cette ligne|"
    "original message|original mail|original e-mail|oprindelig meddelelse|opprinnelig melding"
    "|opprinneleg melding|original melding|originalmelding|ursprungligt meddelande|originalmeddelande"
    "|ursprüngliche nachricht|ursprüngliche e-mail|originalnachricht|original nachricht"
    "|ursprungliche nachricht|message d'origine|message original|message initial|mail original|mail d'origine"
    "|mensaje original|mensagem original|messaggio originale|messaggio di origine|oorspronkelijk bericht"
    "|oorspronkelijke bericht|origineel bericht|oryginalna wiadomość|wiadomość oryginalna"
    "|oryginalna wiadomosc|wiadomość oryginalna|исходное сообщение|исходное письмо"
    "|оригинальное сообщение|оригинал письма|оригінальне повідомлення|вихідне повідомлення"
    "|původní zpráva|originální zpráva|pôvodná správa|eredeti üzenet|mesaj original|mesajul original"
    "|αρχικό μήνυμα|orijinal ileti|orijinal mesaj|özgün ileti|özgün mesaj|originalna poruka|izvorna poruka"
    "|izvorno sporočilo|originalno sporočilo|оригинално съобщение|първоначално съобщение|оригинална порука"
    "|изворна порака|alkuperäinen viesti|原始邮件|原始郵件|原邮件|回复的原邮件|original|元のメッセージ"
    "|元のメール|원본 메시지"
    "|원본 메일|원본메일|thư gốc|tin nhắn gốc|pesan asli|mesej asal|הודעה מקורית|الرسالة الأصلية|پیام اصلی"
    "|ข้อความต้นฉบับ|algne kiri|algne sõnum|oriģinālais ziņojums|pirminis laiškas|originalus pranešimas"
    "|missatge original|jatorrizko mezua|upprunaleg skilaboð|reply message|reply above this line"
    "|replied message|antwort|svar|reply|mensagem de origem"
)
FORWARDED_WORDS = (
    "începe mesajul redirecționat|započni proslijeđenu poruku|start på videresendt besked"
    "|välitetty viesti / fwd.msg|перенаправленное сообщение|перенаправлене повідомлення|メッセージを転送"
    "|forwarded message|forwarded mail|forwarded email|forwarded by|fwd message|begin forwarded message"
    "|start forwarded message|videresendt melding|videresendt meddelelse|vidaresend melding"
    "|videresendt besked"
    "|start på videresendt melding|start på videresendt meddelelse|begynnelse på videresendt melding"
    "|videresendt e-post|videresendt epost|vidarebefordrat meddelande|vidarebefordrat mail"
    "|vidarebefordrat brev|vidarebefodrat mejl|startar på vidarebefordrat meddelande"
    "|början på vidarebefordrat meddelande|vidarebefordrat mejl|börja vidarebefordrat meddelande"
    "|weitergeleitete nachricht|weitergeleitete e-mail|anfang der weitergeleiteten nachricht"
    "|weitergeleitete mail|anfang der weitergeleiteten e-mail|message transféré|message transmis"
    "|message réexpédié"
    "|courriel transféré|e-mail transféré|début du message transféré|début du message réexpédié"
    "|mensaje reenviado|inicio del mensaje reenviado|correo reenviado|mensagem encaminhada"
    "|mensagem reencaminhada|início da mensagem encaminhada|início da mensagem reencaminhada"
    "|e-mail encaminhado|messaggio inoltrato|inizio messaggio inoltrato|inizio del messaggio inoltrato"
    "|messaggio rinviato"
    "|doorgestuurd bericht|begin doorgestuurd bericht|doorgezonden bericht|doorgestuurde e-mail"
    "|wiadomość przekazana|przekazana wiadomość|początek przekazywanej wiadomości"
    "|początek przesłanej dalej wiadomości"
    "|treść przekazanej wiadomości|przesłana wiadomość|wiadomość przesłana dalej|przekazywana wiadomość"
    "|пересылаемое сообщение|переадресованное сообщение|пересылаемое письмо"
    "|начало переадресованного сообщения"
    "|начало пересылаемого сообщения|пересланное сообщение|пересланное письмо|переслане повідомлення"
    "|пересланий лист|початок листа, що пересилається|початок переадресованого повідомлення"
    "|переадресоване повідомлення"
    "|переслане лист|přeposlaná zpráva|začátek přeposílané zprávy|přeposlané zprávy|začátek přeposlané zprávy"
    "|předaná zpráva|preposlaná správa|začiatok preposlanej správy|odovzdaná správa"
    "|továbbított üzenet|továbbított levél|továbbított levél kezdete|továbbított üzenet kezdete"
    "|mesaj redirecționat|mesaj redirecţionat|mesaj redirectionat|începutul mesajului redirecționat"
    "|început mesaj redirecționat"
    "|mesaj transmis|mesaj înaintat|προωθημένο μήνυμα|έναρξη προωθημένου μηνύματος|προωθούμενο μήνυμα"
    "|μήνυμα που προωθήθηκε|yönlendirilmiş ileti|yönlendirilen ileti|iletilmiş ileti|iletilmiş mesaj"
    "|iletilen mesaj"
    "|iletilen ileti|i̇letilmiş ileti|iletilen ileti başlangıcı|yönlendirilen mesaj"
    "|başlangıç yönlendirilen ileti|proslijeđena poruka|početak proslijeđene poruke|prosljeđena poruka"
    "|proslijedena poruka|početak preusmjerene poruke"
    "|prosleđena poruka|posredovano sporočilo|začetek posredovanega sporočila|препратено съобщение"
    "|начало на препратено съобщение|проследена порука|прослеђена порука|препратена порака"
    "|välitetty viesti|edelleenlähetetty viesti|alkaa edelleenlähetetty viesti|edelleen lähetetty viesti"
    "|välitetyn viestin alku|välitetty viesti alkaa|edelleenlähetetty viesti alkaa"
    "|转发的邮件|转发邮件信息|转发邮件|已转发邮件|轉寄郵件|已轉寄的郵件|轉寄的郵件|轉寄信件|转发的消息"
    "|转发开始|开始转发的邮件|下面是被转发的邮件|以下是转发的邮件|下面是转发的邮件|開始轉寄郵件"
    "|以下為轉寄的郵件"
    "|転送されたメッセージ|転送されたメール|転送メール|転送メッセージ|転送済みメッセージ|開始転送メッセージ"
    "|転送メッセージの開始|forwarded messageここから"
    "|전달된 메시지|전달된 메일|전달된 편지|전달 메시지|전달된 메시지의 시작|다음 메시지를 전달"
    "|thư được chuyển tiếp|tin nhắn được chuyển tiếp|thư đã chuyển tiếp|bắt đầu chuyển tiếp tin nhắn"
    "|bắt đầu thư được chuyển tiếp"
    "|pesan terusan|pesan yang diteruskan|awal pesan yang diteruskan|email terusan|mesej yang dimajukan"
    "|mesej dimajukan|הודעה שהועברה|תחילת ההודעה שהועברה|הודעה מועברת|رسالة مُعاد توجيهها|رسالة معاد توجيهها"
    "|الرسالة المعاد توجيهها|بداية الرسالة المعاد توجيهها|رسالة محولة|رسالة محوّلة|پیام هدایت شده"
    "|پیام بازارسال شده|پیام ارجاع شده|ข้อความที่ส่งต่อ|ข้อความที่ถูกส่งต่อ|เริ่มข้อความที่ส่งต่อ"
    "|จดหมายที่ส่งต่อ|edastatud kiri|edastatud sõnum"
    "|pārsūtīts ziņojums|pārsūtītais ziņojums|persiųstas laiškas|persiunčiamas laiškas|persiųstas pranešimas"
    "|missatge reenviat|inici del missatge reenviat|mensaxe reenviada|birbidalitako mezua"
    "|áframsend skilaboð|framsendur póstur|aangestuurde boodskap|mesazh i përcjellë|naipasang mensahe"
    "|अग्रेषित संदेश|ফরোয়ার্ড করা মেসেজ"
)

# What stands before the colon of a forwarded mail's subject, and of an answer's.
FORWARD_PREFIXES = (
    "fw|fwd|vs|vb|vl|tr|rv|enc|i|wg|wtr|doorst|trs|pd|przek|pfwd|пересылка|fs|vidarebefordrat|vidarebefordra"
    "|videresendt|videresend|vidaresend|iletilen|ilt|i̇lt|továbbítás|转发|轉寄|転送|전달|prz|πρθ"
    "|reencaminhado|encaminhada"
    "|encaminhado|redir|rvs|trasm|inoltra|inoltrato|weitergeleitet|weiterleiten|transf|transféré|reenviado|reenvio"
    "|reenvío|doorgestuurd|przekazano|pfw|prosl|proslijeđeno|preposlané|přeposláno|předáno|edasi|peržiūrėti"
    "|pers|välitetty"
    "|bls|ten|fwd.|fw.|förw|пересл|переслано|هدایت|إعادة توجيه|הועבר|chuyển tiếp|teruskan|trs.|yml"
)
REPLY_PREFIXES = (
    "re|sv|aw|antw|antwort|odp|ynt|vá|va|rif|res|r|ref|réf|rép|rep|回复|回覆|答复|返信|답장|회신|rta|svar"
    "|vast|ad|atb|απ|σχετ|ts"
    "|yanit|yanıt|відп|отв|ответ|на|rv re|bls re|tl|oš|re aw|re sv|r.|רע|תשובה|رد|ตอบ|trả lời|bales|balas"
)
