// The page's own few words, in the language of the conversation. The bot's words come from the service.

const WORDS = {
  id: {
    skip: "Ke kotak pesan",
    leave: "Keluar cepat",
    connecting: "menyambung…",
    connected: "tersambung",
    conversation: "Percakapan",
    about: "Tentang halaman ini",
    messages: "Pesan",
    note_history:
      "Alamat halaman ini tetap ada di riwayat browser, hapus sendiri setelah selesai. Halaman ini tidak menyimpan isi obrolan di HP atau komputer ini.",
    note_esc: "Tekan Esc dua kali untuk pergi dengan cepat.",
    newer: "Pesan baru di bawah",
    below: "Masih ada di bawah",
    ways: "Jawaban lain",
    back: "Kembali",
    skip_it: "Lewati",
    ask_language: "ganti bahasa",
    lost: "Sambungan sedang terganggu. Kami mencoba lagi terus; yang sudah kamu kirim tidak hilang selama halaman ini terbuka.",
    urgent: "Mendesak? Telepon:",
    emergency: "Darurat",
    police: "Polisi",
    ambulance: "Ambulans",
    write: "Tulis pesan",
    send: "Kirim",
    keys: "Enter mengirim, Shift+Enter baris baru. Pilihan bisa dijawab dengan nomornya.",
    you: "Kamu",
    service: "Balasan",
    choices: "Pilihan",
    waiting: "menunggu terkirim",
    sent: "terkirim",
    failed: "belum terkirim",
    again: "Coba lagi",
    left: (n) => `Sisa ${n} huruf`,
    over: "Terlalu panjang. Kirim sebagian dulu, sisanya di pesan berikutnya.",
    surplus: (n) => `Kelebihan ${n} huruf`,
    too_long: "Pesan ini terlalu panjang. Bagi menjadi beberapa pesan, ya.",
    locate: "Kirim lokasi",
    locating: "Mencari lokasi…",
    located: "Lokasiku",
    no_location: "Lokasi tidak bisa dibaca. Tulis saja patokannya.",
    attach_voice: "Kirim pesan suara",
    attach_image: "Kirim foto",
    attach_document: "Kirim PDF",
    attach_voice_image: "Kirim pesan suara atau foto",
    attach_image_document: "Kirim foto atau PDF",
    attach_voice_document: "Kirim pesan suara atau PDF",
    attach_voice_image_document: "Kirim pesan suara, foto, atau PDF",
    pick_file: "Pilih file",
    a_photo: "Foto",
    a_voice: "Pesan suara",
    a_document: "Dokumen",
    sending: "sedang dikirim",
    refused: "tidak terkirim",
    file_sending: "File sedang dikirim. Kamu boleh menunggu di sini.",
    file_too_large: "File ini terlalu besar. Paling besar 16 MB.",
    file_wrong: "File seperti ini belum bisa kami terima di sini, dan tidak kami simpan. Boleh ceritakan dengan kata-kata.",
    pick: "Pilih satu atau lebih dulu.",
    closed: "Pertanyaan ini sudah lewat. Tulis “kembali” untuk mengganti jawaban.",
  },
  en: {
    skip: "To the message box",
    leave: "Leave quickly",
    connecting: "connecting…",
    connected: "connected",
    conversation: "Conversation",
    about: "About this page",
    messages: "Messages",
    note_history:
      "The address of this page stays in the browser's history: erase it yourself when you are done. This page keeps nothing of the conversation on this phone or computer.",
    note_esc: "Press Esc twice to leave quickly.",
    newer: "New message below",
    below: "More below",
    ways: "Other answers",
    back: "Back",
    skip_it: "Skip",
    ask_language: "change language",
    lost: "There is trouble with the connection. We keep trying; what you sent is not lost as long as this page is open.",
    urgent: "Urgent? Call:",
    emergency: "Emergency",
    police: "Police",
    ambulance: "Ambulance",
    write: "Write a message",
    send: "Send",
    keys: "Enter sends, Shift+Enter starts a new line. Options can be answered by number.",
    you: "You",
    service: "Reply",
    choices: "Options",
    waiting: "waiting to be sent",
    sent: "sent",
    failed: "not sent yet",
    again: "Try again",
    left: (n) => `${n} characters left`,
    over: "Too long. Send a part first, the rest in the next message.",
    surplus: (n) => `${n} characters too many`,
    too_long: "This message is too long. Please split it into several.",
    locate: "Send location",
    locating: "Looking for your location…",
    located: "My location",
    no_location: "The location cannot be read. Just write a landmark.",
    attach_voice: "Send a voice message",
    attach_image: "Send a photo",
    attach_document: "Send a PDF",
    attach_voice_image: "Send a voice message or a photo",
    attach_image_document: "Send a photo or a PDF",
    attach_voice_document: "Send a voice message or a PDF",
    attach_voice_image_document: "Send a voice message, a photo or a PDF",
    pick_file: "Choose a file",
    a_photo: "Photo",
    a_voice: "Voice message",
    a_document: "Document",
    sending: "being sent",
    refused: "not sent",
    file_sending: "The file is being sent. You may wait here.",
    file_too_large: "This file is too large. 16 MB at most.",
    file_wrong: "We cannot take a file like this here, and we do not keep it. You may tell it in words.",
    pick: "Choose one or more first.",
    closed: "This question has passed. Write “back” to change the answer.",
  },
};

let language = "id";

export const spoken = () => language;

// The words of a key; `n` fills it in where it takes a number.
export function t(key, n) {
  const words = WORDS[language][key];
  return typeof words === "function" ? words(n) : words;
}

// Puts a label on an element that follows the toggle.
export function label(element, key) {
  element.dataset.t = key;
  element.textContent = t(key);
}

const AS = { t: (e, w) => (e.textContent = w), tLabel: (e, w) => e.setAttribute("aria-label", w), tPlaceholder: (e, w) => (e.placeholder = w) };

let toggle = null;

// The page's own words in `chosen`, if it has them.
export function speak(chosen) {
  if (chosen === language || !Object.hasOwn(WORDS, chosen)) return;
  language = chosen;
  document.documentElement.lang = language;
  for (const [data, put] of Object.entries(AS)) {
    const attribute = "data-" + data.replace(/[A-Z]/g, (c) => "-" + c.toLowerCase());
    for (const element of document.querySelectorAll(`[${attribute}]`)) put(element, t(element.dataset[data]));
  }
  const other = language === "id" ? "EN" : "ID";
  toggle.textContent = other;
  toggle.lang = other.toLowerCase();
  toggle.setAttribute("aria-label", other === "EN" ? "EN – switch to English" : "ID – ganti ke bahasa Indonesia");
  dispatchEvent(new Event("chat-language"));
}

// `onChosen` is called when the person, not the conversation, changed the language.
export function setUpLabels(button, onChosen) {
  toggle = button;
  button.addEventListener("click", () => {
    speak(language === "id" ? "en" : "id");
    onChosen();
  });
}
