"""Verbs of harm and flight, as people in Balikpapan say them. Written for this project; like `nlu.words`, Python 3.10 and nothing else."""

from __future__ import annotations

# Verbs of harm and flight, by their root. `nlu.normalise` makes the forms: di-, me-, nasal, nge-, ter-, ku-, ma- (bjn), na- (bug),
# -i, -in, -kan, -ake (jv). `root: other roots` maps a regional or chat root onto the Indonesian one.
ROOTS = """
pukul: pkul gebug pateng
gebuk:
tendang: tndang sepak sapak dupak terjang
tampar: gampar tempeleng tampiling tabok gaplok kaplok
tonjok: jotos bogem
tinju:
hajar: hajr
hantam: antem hantem ngantem
keroyok: kroyok royok
cekik: cekek cekk cakik
bekap: bkap
banting: bnting
bentur: jedot jeduk
seret:
tarik: tarek
jambak: jmbak
injak: injek
cambuk: pecut rotan
sabet: sabat
siksa: siksaa
aniaya:
bacok: bacuk
tusuk: tujes tujah
tikam:
tembak: tmbak
bunuh: bnuh bunoh paten pateni
bakar: bkar obong
siram: sirem
sundut: sulut
setrum: strum
tenggelam: tenggelem
dorong: dorng
tindih: tindes timpa
rantai:
pasung:
borgol:
bius:
sembelih:
gorok:
tebas:
rendam: celup
cebur:
buang:
jual:
tawan:
hancur:
pecah: pacah
suruh:
datang: dateng
naik:
remas: remes
geret:
palak:
hadang: cegat
jebak:
cekok:
intip:
ikat: iket taleni
kurung: krung
sekap: skap
kunci: kancing knci
sandera: sandra
culik: clik
kejar: kjar oyak uber sasah burui
kepung:
kuntit: buntut buntuti
todong: todng
ancam: ancem
paksa: pksa
perkosa: prkosa
cabul: cabuli
leceh:
raba: grepe gerepe grayangi
pegang: pgang pegng cekel
gilir:
dobrak: jebol bobol dubrak
gedor: gdor
amuk: hamuk
jerit: jrit
cari: golek gugai
sayat: syat
silet:
iris:
gores: beset
telan: telen tlan
loncat: loncatt
lompat: lmpat
terjun: trjun tajun
gantung: gntung
racun: rcun
luka:
usir:
lempar: balang timpuk
"""
