"""What is new in a mail and what is history, in the words of many mail programs and languages."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.mail_reading.body import read_body

REPLY = "The blue cable did it.\nThank you!"
HISTORY = "Please try the blue cable.\nAda"
QUOTED = "\n".join(f"> {line}" for line in HISTORY.split("\n"))

ATTRIBUTIONS = {
    "English, Gmail": "On Tue, May 7, 2024 at 10:12 AM Ada Berg <ada@example.org> wrote:",
    "English, Apple": "On 7 May 2024, at 10:12, Ada Berg <ada@example.org> wrote:",
    "English, Thunderbird": "On 07/05/2024 10:12, Ada Berg wrote:",
    "English, wrapped": "On Tue, May 7, 2024 at 10:12 AM Ada Berg via Support <\nada@example.org> wrote:",
    "English, K-9": "Ada Berg <ada@example.org> wrote:",
    "English, Zoho": "---- On Tue, 07 May 2024 10:12:36 +0530 Ada Berg <ada@example.org> wrote ----",
    "English, Proton": "On Tuesday, May 7th, 2024 at 10:12 AM, Ada Berg <ada@example.org> wrote:",
    "Norwegian, Gmail": "tir. 7. mai 2024 kl. 10:12 skrev Ada Berg <ada@example.org>:",
    "Norwegian, Apple": "Den 7. mai 2024 kl. 10:12 skrev Ada Berg <ada@example.org>:",
    "Norwegian, Apple wrapped": "> 7. mai 2024 kl. 10:12 skrev Ada Berg <ada@example.org>:",
    "Norwegian, Thunderbird": "Den 07.05.2024 10:12, skrev Ada Berg:",
    "Nynorsk": "tysdag 7. mai 2024 skreiv Ada Berg <ada@example.org>:",
    "Swedish": "Den tis 7 maj 2024 kl 10:12 skrev Ada Berg <ada@example.org>:",
    "Swedish, Apple": "7 maj 2024 kl. 10:12 skrev Ada Berg <ada@example.org>:",
    "Danish": "Den tir. 7. maj 2024 kl. 10.12 skrev Ada Berg <ada@example.org>:",
    "Finnish": "ti 7. toukok. 2024 klo 10.12 Ada Berg (ada@example.org) kirjoitti:",
    "Finnish, Apple": "Ada Berg <ada@example.org> kirjoitti 7.5.2024 kello 10.12:",
    "Icelandic": "Þann þri., 7. maí 2024 kl. 10:12 skrifaði Ada Berg <ada@example.org>:",
    "German": "Am Di., 7. Mai 2024 um 10:12 Uhr schrieb Ada Berg <ada@example.org>:",
    "German, wrapped": "Ada Berg <ada@example.org> schrieb am Di., 7. Mai 2024,\n10:12:",
    "German, Thunderbird": "Am 07.05.24 um 10:12 schrieb Ada Berg:",
    "Dutch": "Op di 7 mei 2024 om 10:12 schreef Ada Berg <ada@example.org>:",
    "Dutch, Apple": "Op 7 mei 2024, om 10:12 heeft Ada Berg <ada@example.org> het volgende geschreven:",
    "French": "Le mar. 7 mai 2024 à 10:12, Ada Berg <ada@example.org> a écrit :",
    "French, Thunderbird": "Le 07/05/2024 à 10:12, Ada Berg a écrit :",
    "Spanish": "El mar, 7 may 2024 a las 10:12, Ada Berg (<ada@example.org>) escribió:",
    "Catalan": "El dt., 7 de maig 2024, 10:12, Ada Berg <ada@example.org> va escriure:",
    "Portuguese": "Em ter., 7 de mai. de 2024 às 10:12, Ada Berg <ada@example.org> escreveu:",
    "Italian": "Il giorno mar 7 mag 2024 alle ore 10:12 Ada Berg <ada@example.org> ha scritto:",
    "Romanian": "În mar., 7 mai 2024 la 10:12, Ada Berg <ada@example.org> a scris:",
    "Polish": "wt., 7 maj 2024 o 10:12 Ada Berg <ada@example.org> napisał(a):",
    "Polish, Thunderbird": "W dniu 7.05.2024 o 10:12, Ada Berg pisze:",
    "Czech": "út 7. 5. 2024 v 10:12 odesílatel Ada Berg <ada@example.org> napsal:",
    "Slovak": "ut 7. 5. 2024 o 10:12 Ada Berg <ada@example.org> napísal(a):",
    "Hungarian": "Ada Berg <ada@example.org> ezt írta (időpont: 2024. máj. 7., K, 10:12):",
    "Croatian": "uto, 7. svi 2024. u 10:12 Ada Berg <ada@example.org> napisao je:",
    "Slovenian": "V V tor., 7. maj 2024 ob 10:12 je oseba Ada Berg <ada@example.org> napisala:",
    "Estonian": "Kuupäev T, 7. mai 2024 kell 10:12 kirjutas Ada Berg <ada@example.org>:",
    "Latvian": "otrd., 2024. g. 7. maijs plkst. 10:12 — lietotājs Ada Berg (<ada@example.org>) rakstīja:",
    "Lithuanian": "2024-05-07, an, 10:12 Ada Berg <ada@example.org> rašė:",
    "Russian": "вт, 7 мая 2024 г. в 10:12, Ada Berg <ada@example.org>:",
    "Russian, Mail.ru": "Вторник, 7 мая 2024, 10:12 +03:00 от Ada Berg <ada@example.org>:",
    "Russian, Thunderbird": "07.05.2024 10:12, Ada Berg пишет:",
    "Ukrainian": "вт, 7 трав. 2024 р. о 10:12 Ada Berg <ada@example.org> пише:",
    "Bulgarian": "На вт, 7.05.2024 г. в 10:12 Ada Berg <ada@example.org> написа:",
    "Serbian": "уто, 7. мај 2024. у 10:12 Ada Berg <ada@example.org> је написао/ла:",
    "Greek": "Στις Τρί 7 Μαΐ 2024 στις 10:12 π.μ., ο/η Ada Berg <ada@example.org> έγραψε:",
    "Turkish": "Ada Berg <ada@example.org>, 7 May 2024 Sal, 10:12 tarihinde şunu yazdı:",
    "Chinese": "Ada Berg <ada@example.org> 于2024年5月7日周二 10:12写道：",
    "Chinese, traditional": "Ada Berg <ada@example.org> 於 2024年5月7日 週二 上午10:12寫道：",
    "Japanese": "2024年5月7日(火) 10:12 Ada Berg <ada@example.org>:",
    "Japanese, Apple": "2024/05/07 10:12、Ada Berg <ada@example.org>のメール：",
    "Korean": "2024년 5월 7일 (화) 오전 10:12, Ada Berg <ada@example.org>님이 작성:",
    "Vietnamese": "Vào Th 3, 7 thg 5, 2024 vào lúc 10:12 Ada Berg <ada@example.org> đã viết:",
    "Indonesian": "Pada tanggal Sel, 7 Mei 2024 pukul 10.12 Ada Berg <ada@example.org> menulis:",
    "Hebrew": "\u202bבתאריך יום ג׳, 7 במאי 2024 ב-10:12 מאת \u202aAda Berg\u202c <\u202aada@example.org\u202c>:\u202c",
    "Arabic": "في الثلاثاء، 7 مايو 2024 في 10:12 ص تمت كتابة ما يلي بواسطة Ada Berg <ada@example.org>:",
    "Thai": "ในวันที่ อ. 7 พ.ค. 2024 เวลา 10:12 Ada Berg <ada@example.org> เขียนว่า:",
}

HEADER_BLOCKS = {
    "English": ("From", "Sent", "To", "Subject"),
    "Norwegian": ("Fra", "Sendt", "Til", "Emne"),
    "Nynorsk": ("Frå", "Sendt", "Til", "Emne"),
    "Swedish": ("Från", "Skickat", "Till", "Ämne"),
    "Finnish": ("Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    "German": ("Von", "Gesendet", "An", "Betreff"),
    "Dutch": ("Van", "Verzonden", "Aan", "Onderwerp"),
    "French": ("De", "Envoyé", "À", "Objet"),
    "Spanish": ("De", "Enviado el", "Para", "Asunto"),
    "Portuguese": ("De", "Enviada em", "Para", "Assunto"),
    "Italian": ("Da", "Inviato", "A", "Oggetto"),
    "Polish": ("Od", "Wysłano", "Do", "Temat"),
    "Czech": ("Od", "Odesláno", "Komu", "Předmět"),
    "Slovak": ("Od", "Odoslané", "Komu", "Predmet"),
    "Hungarian": ("Feladó", "Elküldve", "Címzett", "Tárgy"),
    "Romanian": ("De la", "Trimis", "Către", "Subiect"),
    "Croatian": ("Od", "Poslano", "Za", "Predmet"),
    "Russian": ("От", "Отправлено", "Кому", "Тема"),
    "Ukrainian": ("Від", "Надіслано", "Кому", "Тема"),
    "Bulgarian": ("От", "Изпратено", "До", "Относно"),
    "Greek": ("Από", "Στάλθηκε", "Προς", "Θέμα"),
    "Turkish": ("Kimden", "Gönderildi", "Kime", "Konu"),
    "Chinese": ("发件人", "发送时间", "收件人", "主题"),
    "Chinese, traditional": ("寄件者", "傳送時間", "收件者", "主旨"),
    "Japanese": ("差出人", "送信日時", "宛先", "件名"),
    "Korean": ("보낸 사람", "보낸 날짜", "받는 사람", "제목"),
    "Vietnamese": ("Từ", "Đã gửi", "Đến", "Chủ đề"),
    "Hebrew": ("מאת", "נשלח", "אל", "נושא"),
    "Arabic": ("من", "تم الإرسال", "إلى", "الموضوع"),
    "Estonian": ("Saatja", "Saadetud", "Adressaat", "Teema"),
}


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_history_below_an_attribution_is_folded(name):
    body = read_body(f"{REPLY}\n\n{ATTRIBUTIONS[name]}\n\n{QUOTED}\n")
    assert body.reply_text == REPLY
    assert "blue cable.\n> Ada" in body.quoted_text


NEED_MARKS = {"English, K-9", "Norwegian, Apple wrapped"}
"""Only the quotation marks below them tell these from the writer's own words."""


@pytest.mark.parametrize("name", [name for name in ATTRIBUTIONS if name not in NEED_MARKS])
def test_history_without_quotation_marks_is_folded_too(name):
    body = read_body(f"{REPLY}\n\n{ATTRIBUTIONS[name]}\n\n{HISTORY}\n")
    assert body.reply_text == REPLY


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_an_answer_below_the_quotation_is_shown(name):
    body = read_body(f"{ATTRIBUTIONS[name]}\n{QUOTED}\n\n{REPLY}\n")
    assert body.reply_text == REPLY


@pytest.mark.parametrize("bold", ["{}: {}", "*{}:* {}", "{} : {}", "**{}:** {}"])
@pytest.mark.parametrize("name", HEADER_BLOCKS)
def test_history_below_a_header_block_is_folded(name, bold):
    values = ("Ada Berg <ada@example.org>", "7. 5. 2024 10:12", "Kim Aas", "Printer")
    block = "\n".join(bold.format(key, value) for key, value in zip(HEADER_BLOCKS[name], values, strict=True))
    body = read_body(f"{REPLY}\n\n{block}\n\n{HISTORY}\n")
    assert body.reply_text == REPLY
    assert read_body(f"{REPLY}\n________________________________\n{block}\n\n{HISTORY}\n").reply_text == REPLY


@pytest.mark.parametrize(
    "separator",
    [
        "-----Original Message-----",
        "-----Opprinnelig melding-----",
        "-----Ursprungligt meddelande-----",
        "-----Oprindelig meddelelse-----",
        "-----Alkuperäinen viesti-----",
        "-----Ursprüngliche Nachricht-----",
        "-----Message d'origine-----",
        "-----Mensaje original-----",
        "-----Messaggio originale-----",
        "-----Oorspronkelijk bericht-----",
        "-----Исходное сообщение-----",
        "-----原始邮件-----",
        "##- Please type your reply above this line -##",
        "##- Svar over denne linjen -##",
        "-------- Original message --------",
    ],
)
def test_history_below_a_separator_is_folded(separator):
    assert read_body(f"{REPLY}\n\n{separator}\n\n{HISTORY}").reply_text == REPLY


@pytest.mark.parametrize(
    "footer",
    [
        "Sent from my iPhone",
        "Sendt fra min iPhone",
        "Sendt fra Outlook for Android",
        "Sendt frå min iPad",
        "Skickat från min iPhone",
        "Lähetetty iPhonesta",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Enviado do meu iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Wysłane z iPhone'a",
        "Отправлено с iPhone",
        "Odesláno z iPhonu",
        "iPhone'umdan gönderildi",
        "发自我的 iPhone",
        "從我的 iPhone 傳送",
        "iPhoneから送信",
        "나의 iPhone에서 보냄",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Skaff deg Outlook for iOS",
        "-- \nKim Aas\nAas AS, tlf. 22 22 22 22",
        "Mvh\nKim Aas",
        "Med vennlig hilsen\nKim Aas\nDaglig leder",
        "Hilsen Kim\n".strip() + "\n-- \nAas AS",
        "Best regards,\nKim",
        "Mit freundlichen Grüßen\nKim Aas",
        "Cordialement,\nKim Aas",
        "Med vennlig hilsen / Best regards\nKim Aas\nAas AS",
        "Mvh,\nKim Aas\n\nDenne e-posten er konfidensiell og bare ment for den som står som mottaker i den.",
    ],
)
def test_signatures_and_footers_are_folded(footer):
    body = read_body(f"{REPLY}\n\n{footer}\n")
    assert body.reply_text.startswith(REPLY)
    assert footer.split("\n")[-1] not in body.reply_text
    assert footer.split("\n")[-1] in body.quoted_text


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my desk, this is much easier to type.",
        "Thanks,\nKim",
        "> This is a quote.\n\nAnd this is some text.",
        "The steps were these:\n---\n1. Turn it on\n2. Wait\n---\nIt failed at 2.",
        "From: where do I get the cable?\nTo: whom do I write?",
        "On Monday I wrote to you about order 4711:\nnobody has answered.",
        "Den 5. mai 2024 sluttet skriveren å virke.\nHva gjør jeg?",
        "Date: when can you come?",
        "Hei\n\n-- dette er viktig --\n\nSkriveren brenner.",
        "Subject: is missing in my mail. Why?",
        "Fra nå av virker ingenting.\nTil nå har jeg ventet.",
        "Mvh",
        "-- ",
    ],
)
def test_the_writers_own_words_are_never_folded(text):
    assert read_body(text).reply_text.strip() == text.strip()


def test_answers_between_quotations_are_shown_and_the_quotations_folded():
    text = f"{ATTRIBUTIONS['Norwegian, Gmail']}\n> Virker den?\nJa.\n> Er den blå?\nNei, gul.\n"
    body = read_body(text)
    assert body.reply_text == "Ja.\nNei, gul."
    assert "> Er den blå?" in body.quoted_text


def test_an_answer_alone_below_its_attribution_is_not_lost():
    assert read_body("On 8 May 2017 17:34, Jo <jo@example.org> wrote:\n\nIt works.").reply_text == "It works."


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["", "> q", ">> q", "-- ", "On 1 May 2024 Jo wrote:", "From: a@b.example", "To: c", "Mvh", "---"]
        ),
        st.sampled_from(
            [*ATTRIBUTIONS.values(), "-----Original Message-----", "Sent from my iPhone", "| x", "> wrote:"]
        ),
        st.text(max_size=40).map(lambda text: " ".join(text.split())),
    ),
    max_size=25,
)


@settings(max_examples=400, deadline=None)
@given(LINES)
def test_shown_and_folded_together_are_everything_in_order(lines):
    body = read_body("\n".join(lines))
    parts = [_filled(part) for part in (body.text, body.reply_text, body.quoted_text)]
    assert _interleaved(*parts)


def _filled(text):
    return [line.strip() for line in text.split("\n") if line.strip()]


def _interleaved(whole, left, right):
    """Whether `whole` is `left` and `right` shuffled together, each in its order."""
    if len(whole) != len(left) + len(right):
        return False
    taken = {0}
    for position, line in enumerate(whole):
        taken = {
            after
            for count in taken
            for after, fits in (
                (count + 1, count < len(left) and left[count] == line),
                (count, position - count < len(right) and right[position - count] == line),
            )
            if fits
        }
    return len(left) in taken
