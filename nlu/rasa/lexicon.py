"""Words that tell of a case, and what each may mean: hints for the tagger in `nlu.rasa.marks`, which sees them in their sentence.

Written for this project. A word may have several senses; the sentence decides. Verbs stand here by their root: "cium" knows dicium, nyium,
menciumi, cium-cium.
"""

from __future__ import annotations

from collections.abc import Iterator

from nlu.normalise import Token, form_of

# sense: words as they are written (each is also known in its normal form). A sense may have several lines.
_WORDS = """
relation:parent: bapak ayah papa ibu mama abah bunda uma mami papi emak mamak orangtua orang-tua ortu nyokap bokap umi abi kuitan
relation:parent: babe babeh abahku bapake papi mamih mamak bapaknya ebok
relation:parent: dad daddy father mom mum mommy mother stepfather stepmother stepdad stepmom stepmum parents parent ambo ambo' indo' emma'
relation:parent: simbok
kin: tiri kandung angkat sambung asuh step foster sulung bungsu
relation:relative: om tante paman kakek nenek abang kakak sepupu uwak pakde bude budhe julak acil amang gulu opa oma mertua ipar eyang
relation:relative: mbah ponakan keponakan bibi bulik paklik mbak mas kaka kk abangku mamarina kai nini datu etta puang
relation:relative: tanta tantaku pakdhe budhe pakcik makcik kakung embah oom omku nenekku abang-abangan daeng
relation:relative: uncle aunt auntie brother sister cousin grandfather grandmother granny grandpa grandma granddad nephew relatives
relation:relative: relative keluarga
relation:neighbour: tetangga tonggo neighbour neighbor neighbours neighbors sebelah komplek blok
relation:teacher: guru ustad ustadz ustadzah pelatih coach teacher tutor kepsek wakasek kepala dosen pembina pengurus wali walikelas ustaz
relation:teacher: kiai kyai pengasuh musyrif murobbi instruktur gurunya headmaster principal headteacher
relation:friend: teman temen pacar mantan senior gebetan geng sekelas sebangku kakel boyfriend girlfriend ex friend friends classmate
relation:friend: classmates
relation:friend: cowok cewek kating seniors boys girls kids osis ayang bestie kelompok adkel siswa murid
relation:spouse: suami husband istri bojo laki wife hubby
relation:employer: majikan bos boss juragan employer manager mandor atasan pemilik mamih
relation:stranger: kenalan asing stranger strangers pria seseorang man guy lelaki laki-laki bapak-bapak om-om mas-mas
relation:other: sopir satpam marbot ojek pendeta agen calo pegawai petugas penjaga driver guard preman pengasuh babysitter pembantu kenek
relation:other: admin
relation:other: dukun penjual pedagang pastor security
unknown: dikenal kenal asing tau known dont
place:home: rumah kamar kos kosan kontrakan dapur rusun house home bedroom room bathroom ruang mess asrama apartemen rumahku kamarku kost
place:home: gudang loteng
place:school: sekolah kelas pondok pesantren madrasah asrama sd smp sma smk mts ma school class classroom slb ponpes wc kantin tk paud tpa
place:school: tpq les
place:school: boarding perpus uks kampus sekolahan asramanya
place:public: jalan taman pasar pantai masjid mall mal angkot terminal gang lapangan halte jembatan minimarket street road park beach
place:public: market pool bus
place:public: mushola musholla langgar gereja pelabuhan stasiun warnet alun-alun trotoar semak hutan pos ronda kolam warung toko alfamart
place:public: indomaret lampu
place:work: toko pabrik warung bengkel kafe cafe kebun tambak pelabuhan factory shop restoran gudang kantor proyek salon laundry stall
place:work: sawit
place:online: ig instagram insta wa whatsapp tiktok game discord michat facebook fb telegram tele twitter roblox ml ff line snapchat
place:online: online x litmatch
place:online: omegle internet medsos grup chat dm bigo youtube live freefire pubg messenger snap group
place:other: hotel mobil kapal villa panti car mess losmen penginapan daycare klinik puskesmas
denied: tidak belum jarang tanpa never not doesn't dont don't kada ora ndak without isn't no
child: aku adik anak murid siswa siswi ponakan keponakan cucu korban dia temanku me my him her child kid daughter son bayi balita bocah i
child: gadis
child: baby girl boy muridku anakku adikku cucuku siswiku she he us kami teman
by: oleh sama by karo lawan
may: suka sering selalu terus pernah mulai always keeps
offspring: anak bayi balita kids kid baby children son daughter anakku anakanak bocah
age: umur usia berumur berusia umurku umurnya usianya aged age umure
"""

# sense: roots of verbs, and other words of what was done
_DEEDS = """
violence:physical: pukul tampar cubit tendang sundut gebuk hajar banting jambak cekik siram lempar rantai cambuk siksa tonjok sabet
violence:physical: seterika injak
violence:physical: dorong seret bakar sepak gampar tempeleng tabok gaplok keplak pecut rotan ikat gigit jewer jitak bentur jedot aniaya
violence:physical: bacok tusuk
violence:physical: tikam sayat silet iris setrum borgol pasung bekap banting keplok toyor sentil plester antem hantam penthung gebrak
violence:physical: cakar timpuk
violence:physical: lempari gantung racun tenggelam rendam lilit selepet setrap jemur sulut setrika gamparin jotos ganyang
violence:physical: sipak gepuk gebug nyabet tarik narik gencet cengkeram
violence:physical: hit hits hitting beat beats beaten beating slap slaps slapped slapping kick kicks kicked kicking punch punches punched
violence:physical: punching
violence:physical: burn burns burned choke chokes choked choking threw throws whip whips whipped whipping belt caned caning chained tied
violence:physical: tie shake
violence:physical: shaking strangle strangled shoved push pushed pushes dragged dragging pinched pinches spanked spank ironed grabs hurt
violence:physical: hurts
violence:psychological: maki hina ancam kurung bentak umpat caci diam rendah ejek sekap kunci larang banding usir cerca kata malu teror
violence:psychological: nikah kawin takut marah omel sumpah todong acung cuek fitnah maki-maki teriak
violence:psychological: sandera ngatain katai bodoh goblok sial usir menakuti nakutin ancem bilang
violence:psychological: threatens threaten threatened yells yelled yelling screams insult insults insulted locked locks lock worthless
violence:psychological: ignores curse
violence:psychological: swears humiliates marry
violence:sexual: pegang cabul raba perkosa leceh cium peluk elus grepe intip sodomi telanjang bugil gesek remas colek gerayang buka sentuh
violence:sexual: tindih
violence:sexual: setubuh gauli hubungan kelamin intim begituan mesum zina nodai pijat mandi jamah jilat hisap kemaluan payudara paha dada
violence:sexual: bokong pantat
violence:sexual: melorotin lorot grayang colok rekam pamer tempel hamil telanjangi tiduri gituin macam-macam porno
violence:sexual: rape raped rapes grope gropes groped groping touched touches touching kissed kisses kissing molested molest undress
violence:sexual: undressed naked
violence:sexual: watches fondled abused rubs rubbed flashed flashes privates sex
violence:neglect: telantar terlantar tinggal urus kasih beri rawat obat biar abai makan lapar sekolah susu nafkah rawat jemput peduli
violence:neglect: lepas
violence:neglect: feed fed alone neglect neglected abandoned leaves left starving treatment unfed
violence:exploitation: kemis emis ngemis jual jualan kerja amen ngamen pekerja pulung mulung asong begal curi colong setor upah bayar jaga
violence:exploitation: gaji nahan tahan lembur gratis
violence:exploitation: beg begging work works working selling labor labour
violence:trafficking: jual bawa paspor sekap lokalisasi kirim gadai pulau luar-kota tawar cafe open-bo lokalisasi
violence:trafficking: sold sell passport trafficked
violence:bullying: bully buli rundung palak keroyok ejek olok kucil jauh panggil ledek katain cemooh peras dorong hadang sembunyi julid
violence:bullying: musuhi kunci
violence:bullying: rebut bulan jebak siram sindir tertawa tertawakan
violence:bullying: bullied bully bullies bullying tease teased jumped mock mocked excluded laugh lunch
violence:online: sebar foto video vc telanjang bugil teror chat doxxing doxing akun hack share viral kirim edit sextortion pap blackmail
violence:online: posted post
violence:online: nudes nude pics pictures naked leak leaked screenshot hacked
force: suruh paksa ajak minta nyuruh maksa make makes made force forces forced ask asked asks
"""

# What a verb may begin with, and the letter of the root that it took away: "nyium" is ny + (c)ium
_PREFIXES = (
    ("meny", "s"), ("meng", "k"), ("meng", ""), ("mem", "p"), ("mem", ""), ("men", "t"), ("men", ""), ("me", ""), ("nge", ""),
    ("ny", "s"), ("ny", "c"), ("ng", "k"), ("ng", ""), ("m", "p"), ("m", "b"), ("n", "t"), ("n", "c"), ("n", ""),
    ("dipe", ""), ("di", ""), ("d", ""), ("ter", ""), ("ke", ""), ("pe", ""), ("ber", ""), ("be", ""), ("ku", ""), ("na", ""), ("", ""),
)  # fmt: skip
_ENDINGS = ("", "in", "i", "kan", "an", "nya", "ku", "mu", "e", "inn", "innya", "kannya", "iku", "inku")


def _table(lines: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in lines.strip().splitlines():
        sense, _, words = line.rpartition(": ")
        for word in words.split():
            for form in {word, form_of(word)[0], form_of(word)[1]}:
                if sense not in found.setdefault(form, []):
                    found[form].append(sense)
    return {word: tuple(senses) for word, senses in found.items()}


WORDS = _table(_WORDS)
DEEDS = _table(_DEEDS)


def _roots(word: str) -> Iterator[str]:
    for ending in _ENDINGS:
        if ending and not word.endswith(ending):
            continue
        bare = word[: len(word) - len(ending)]
        for prefix, first in _PREFIXES:
            if bare.startswith(prefix) and len(bare) - len(prefix) + len(first) >= 4:
                yield first + bare[len(prefix) :]


def senses(token: Token) -> tuple[str, ...]:
    """What a word may mean for a case; empty for most words.

    >>> from nlu.normalise import tokens
    >>> [senses(token) for token in tokens("om nyiumin")]
    [('relation:relative', 'relation:stranger'), ('violence:sexual',)]
    """
    written = token.text.lower().partition("-")[0].rstrip("2")
    found: list[str] = []
    for form in dict.fromkeys((token.word, token.text.lower(), token.stem)):
        found += WORDS.get(form, ())
    for form in dict.fromkeys((token.word, token.text.lower(), token.stem)):
        found += DEEDS.get(form, ())
    if not found:
        for root in _roots(written):
            known = DEEDS.get(root)
            if known is not None:
                found += known
                break
    return tuple(dict.fromkeys(found))
