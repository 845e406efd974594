// The words of the page that shows how a sentence is understood, in both languages, and the names of what is no topic.

const WORDS = {
  id: {
    skip: "Ke kotak kalimat",
    heading: "Bagaimana pesan dipahami",
    to_chat: "Ke obrolan",
    label: "Tulis satu kalimat, seperti orang menulisnya",
    send: "Pahami",
    kept: "Halaman ini hanya ada di demo. Yang ditulis di sini tidak disimpan dan tidak dicatat.",
    examples: "Contoh",
    state_unknown: "…",
    state_off: "Rasa tidak ada: frasa bahaya dan pencarian kata saja",
    state_installing: "Rasa sedang dipasang: sementara frasa bahaya dan pencarian kata",
    state_training: "Rasa sedang dilatih: sementara frasa bahaya dan pencarian kata",
    state_starting: "Rasa sedang dinyalakan: sementara frasa bahaya dan pencarian kata",
    state_ready: "Rasa siap",
    state_gone: "Layanan demo tidak menjawab",
    danger: "Bahaya",
    danger_emergency: "Darurat: bahaya saat ini",
    danger_self_harm: "Mungkin melukai diri sendiri",
    danger_none: "Tidak ada tanda bahaya",
    by_phrases: "Didengar oleh frasa bahaya, yang selalu berjalan, dengan atau tanpa Rasa.",
    by_model: "Didengar oleh Rasa, bukan oleh frasa bahaya.",
    by_both: "Didengar oleh frasa bahaya dan oleh Rasa.",
    by_none: "Frasa bahaya tidak menemukan apa-apa, Rasa juga tidak.",
    by_none_alone: "Frasa bahaya tidak menemukan apa-apa. Rasa tidak ditanya.",
    phrase: (p) => `Frasa “${p.phrase}” (${p.file}, baris ${p.line})`,
    silenced: (p) => `${p} ada, tetapi tidak dihitung: ${p.why}.`,
    intent: "Maksud",
    unclear: "Belum jelas: bot menawarkan topik terdekat, tidak menebak",
    nothing: "Tidak ada yang dikenali",
    surely: (n) => `Yakin ${n}%, batasnya ${n.least}%.`,
    close: "Yang kedua terlalu dekat.",
    from_rasa: "Menurut Rasa.",
    from_search: "Menurut pencarian kata, pengganti selama Rasa tidak ada. Nilainya bukan peluang.",
    from_nothing: "Rasa tidak ada, dan pencarian kata tidak menemukan topik.",
    nearest: "Tiga yang terdekat",
    threshold: "Garis tegak: batas. Di bawahnya bot tidak bertindak menurut tebakan itu.",
    sentence: "Kalimat",
    no_entities: "Tidak ada tempat, usia, pelaku, atau jenis kekerasan yang ditemukan di kalimat ini.",
    sent: "Yang dikirim ke Rasa",
    not_sent: "Tidak ada yang dikirim: Rasa tidak ada.",
    masked: "Nomor, tautan, dan alamat e-mail sudah diganti.",
    words: "Kata yang dibaca",
    time: "Waktu",
    milliseconds: (n) => `${n} ms`,
    failed: "Tidak bisa dipahami sekarang. Coba lagi.",
    too_long: "Kalimat ini terlalu panjang.",
    violence_type: "jenis kekerasan",
    place: "tempat",
    kelurahan: "kelurahan",
    victim_age: "usia anak",
    relation: "pelaku",
  },
  en: {
    skip: "To the sentence box",
    heading: "How a message is understood",
    to_chat: "To the chat",
    label: "Write one sentence, as people write it",
    send: "Understand",
    kept: "This page exists in the demo only. What is written here is neither stored nor logged.",
    examples: "Examples",
    state_unknown: "…",
    state_off: "There is no Rasa: danger phrases and keyword search only",
    state_installing: "Rasa is being installed: danger phrases and keyword search until then",
    state_training: "Rasa is being trained: danger phrases and keyword search until then",
    state_starting: "Rasa is starting: danger phrases and keyword search until then",
    state_ready: "Rasa is ready",
    state_gone: "The demo does not answer",
    danger: "Danger",
    danger_emergency: "Emergency: danger at this moment",
    danger_self_harm: "May harm itself",
    danger_none: "No sign of danger",
    by_phrases: "Heard by the danger phrases, which always run, with or without Rasa.",
    by_model: "Heard by Rasa, not by the danger phrases.",
    by_both: "Heard by the danger phrases and by Rasa.",
    by_none: "The danger phrases found nothing, and neither did Rasa.",
    by_none_alone: "The danger phrases found nothing. Rasa was not asked.",
    phrase: (p) => `Phrase “${p.phrase}” (${p.file}, line ${p.line})`,
    silenced: (p) => `${p} is there, and does not count: ${p.why}.`,
    intent: "Meaning",
    unclear: "Not clear: the bot offers the nearest topics and does not guess",
    nothing: "Nothing was recognised",
    surely: (n) => `${n}% sure, the threshold is ${n.least}%.`,
    close: "The second is too close to it.",
    from_rasa: "According to Rasa.",
    from_search: "According to the keyword search, which stands in while there is no Rasa. Its figures are no probabilities.",
    from_nothing: "There is no Rasa, and the keyword search found no topic.",
    nearest: "The three nearest",
    threshold: "Upright line: the threshold. Below it the bot does not act on the guess.",
    sentence: "Sentence",
    no_entities: "No place, age, person or kind of violence was found in this sentence.",
    sent: "What was sent to Rasa",
    not_sent: "Nothing was sent: there is no Rasa.",
    masked: "Numbers, links and e-mail addresses have been replaced.",
    words: "Words as they are read",
    time: "Time",
    milliseconds: (n) => `${n} ms`,
    failed: "It cannot be understood now. Try again.",
    too_long: "This sentence is too long.",
    violence_type: "kind of violence",
    place: "place",
    kelurahan: "kelurahan",
    victim_age: "age of the child",
    relation: "person who did it",
  },
};

const INTENTS = {
  greet: ["Salam", "Greeting"],
  goodbye: ["Pamit", "Goodbye"],
  thank: ["Terima kasih", "Thanks"],
  affirm: ["Ya", "Yes"],
  deny: ["Tidak", "No"],
  help: ["Minta petunjuk", "Asks how this works"],
  cancel: ["Batal", "Cancel"],
  start_report: ["Mau melapor", "Wants to report"],
  check_report: ["Cek laporan", "Asks about their report"],
  talk_to_counsellor: ["Mau bicara dengan konselor", "Wants to talk to a counsellor"],
  service_info: ["Layanan dan nomor", "Services and numbers"],
  emergency: ["Darurat", "Emergency"],
  self_harm: ["Ingin mati atau melukai diri", "Suicide or self-injury"],
  disclosure: ["Bercerita tentang kekerasan", "Tells of violence"],
  delete_traces: ["Hapus jejak", "Erase traces"],
  insult: ["Makian", "Insult"],
  out_of_scope: ["Di luar layanan ini", "Out of scope"],
};

// Why a danger phrase that stands in the sentence does not alarm, by the name that data/<language>/danger.yml has for it.
const REASONS = {
  past: ["tentang waktu lampau", "it is about the past"],
  habit: ["tentang kebiasaan, bukan saat ini", "it is about what happens often, not now"],
  long_ago: ["tentang dulu", "it is about long ago"],
  over: ["sudah lewat dan aman", "it is over"],
  lesson: ["pertanyaan atau tugas", "it is a question or a lesson"],
  story: ["film, game, atau mimpi", "it is a film, a game or a dream"],
  laughter: ["ada tawa", "there is laughter"],
  harmless: ["ungkapan yang tidak berbahaya", "it is a harmless saying"],
  oneself: ["tentang diri sendiri, bukan kekerasan orang lain", "it is about oneself, not about another's violence"],
  deny: ["disangkal", "it is denied"],
  alone: ["hanya dihitung kalau berdiri sendiri", "it counts only as the whole message"],
  now: ["tanda “sekarang”", "a sign of “now”"],
  help: ["kata minta tolong", "a call for help"],
  fear: ["tanda takut", "a sign of fear"],
  rage: ["tanda amarah", "a sign of rage"],
  refuse: ["tanda menolak", "a sign of refusing"],
  hunt: ["tanda dikejar", "a sign of being hunted"],
  beating: ["tanda pemukulan", "a sign of beating"],
  weapons: ["senjata", "a weapon"],
};

let language = "id";

export const spoken = () => language;
export const t = (key) => WORDS[language][key];
export const has = (key) => Object.hasOwn(WORDS[language], key);

// What an intent is called: a topic by its own title, which the service knows, everything else by ours.
export function title(intent, titles) {
  return titles[intent]?.[language] || INTENTS[intent]?.[language === "id" ? 0 : 1] || intent;
}

// "laughter", "not alone", "without now or help" → words.
export function reason(code) {
  const at = language === "id" ? 0 : 1;
  const word = (name) => REASONS[name]?.[at] || name;
  if (code.startsWith("without ")) {
    const needed = code.slice("without ".length).split(" or ").map(word);
    return (language === "id" ? "perlu " : "it needs ") + needed.join(language === "id" ? " atau " : " or ");
  }
  return word(code.replace(/^not /, ""));
}

export function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  document.title = t("heading");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
}
