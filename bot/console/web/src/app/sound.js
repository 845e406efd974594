// Two sounds, made here: no file, nothing to load. A browser lets a page sound only after somebody touched it: signing in does.

let audio = null;
let wanted = localStorage.getItem("desk-sound") !== "off";

export const soundWanted = () => wanted;

export function wantSound(yes) {
  wanted = yes;
  localStorage.setItem("desk-sound", yes ? "on" : "off");
}

export function wakeSound() {
  audio ??= new AudioContext();
  audio.resume().catch(() => {});
}

function note(frequency, from, length, loud) {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  const start = audio.currentTime + from;
  tone.type = "sine";
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(loud, start + 0.03);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + length);
  tone.connect(volume).connect(audio.destination);
  tone.start(start);
  tone.stop(start + length + 0.05);
}

/** `danger`: three rising pairs, hard to miss; anything else: two soft notes. */
export function chime(kind) {
  if (!wanted || !audio || audio.state !== "running") return;
  if (kind === "danger") {
    for (const round of [0, 0.55, 1.1]) {
      note(660, round, 0.22, 0.3);
      note(990, round + 0.2, 0.3, 0.3);
    }
  } else {
    note(523, 0, 0.25, 0.12);
    note(659, 0.18, 0.4, 0.12);
  }
}
