"""How people in Balikpapan write words: the table behind `nlu.normalise`. Written for this project; nothing is copied from a data set.

Each line of `SPELLINGS` is `word: other ways to write it`. The word is written as a dictionary would, the rest as people type: chat
spellings, dropped vowels, English letters, and function words of Banjar (bjn), Javanese (jv) and Bugis-Makassar Malay (bug). A spelling
stands in one line only; a word may have several lines. A Python table rather than YAML, because Rasa's tokenizer reads it too, on Python
3.10 with nothing but the standard library.
Endings (-ku, -mu, -nya), stretched letters and verb forms need no line: `nlu.normalise` makes them.
"""

from __future__ import annotations

SPELLINGS = """
tidak: gak ga gk g nggak ngga ngak enggak engga enggk nggk gag kagak kaga kgk kgak tdk tak tk ndak nda ndk dak indak tida tidk
tidak: tdak tidka ngg gx gax kada kd kda kadada ora ra mboten boten de' tena taniya nope
bukan: bkn bukn bukann dudu lainan
belum: blm blom belom blum blon balum durung de'pa
jangan: jgn jngan jangn jan ojo janganki
sudah: udah udh sdh dah uda dh sudh wis wes uwis suda sudahmi purami udhh sdah
akan: bakal bakalan bkl bakaln
mau: mw mo mao maw handak hndak arep meh mauka mauki maumi maukah elo' mauh mauk
pengen: pgn pengin pingin pgen pngen pngn pgin kepengen kepingin pngin pengn penen pengeen pegen pengenn
ingin: ingn ingen
aku: ak akoh aq gue gw gwe gua gwa guwe saya sy sya ane ulun unda diyang kulo kula inyong awak akuh akyu
kamu: km kmu kamyu lu lo loe elu elo ente ikam pian sampeyan kowe koe idi' kau kw
dia: dy dya inya sidin deweke dheweke doi doski iyana beliau
kami: kmi
kita: kt kta kito
mereka: mrk mreka mrka buhannya buhanya
ini: ni nie neh iki nyawe iyae
itu: tu tuh ituh kuwi iku ngitu nitu iyaro
yang: yg yng sing
dan: dn karo
atau: ato ataw atw
dengan: dgn dg dngan deng lawan kalih
sama: sm sma ama
untuk: utk buat bwt gasan kanggo untk bt
karena: krn krna karna karana gara-gara grgr garagara soalnya soale
dari: dr dri dar seko saka matan
di: d nang ring ri
ke: k
kalau: kalo klo kl klau kalu klu kalok lamun nek menawa
tapi: tp tpi tetapi namun tapinya
terus: tarus trus trs truss trz trss tros
lalu: lgalu
habis: abis abs hbs hbis
tadi: td tdi tadik
sekarang: skrg skrang skr skrng sekarng sekrang skarang srkg skg skrag sekarg wayahini wahini saiki sakniki makkukkue makkekkuangi
sekarang: makukkue skrngg sekrng skrgg sekarag
barusan: brusan barusn brsn
lagi: lg lgi lagy lgii nglagi
sedang: sdg sdang
masih: msh msih masi magun isih
semalam: smlm smalam semalem smlem semlm samalam mambengi
kemarin: kmrn kmarin kemaren kmren kmrin kemarn kemrin kemareng wingi dibi'
dulu: dlu dl dulunya bahari biyen mbiyen riolo
malam: mlm malem mlem bengi wenni
pagi: pg isuk
siang: sng
hari: hr hri dina
tahun: thn th taun tahon
bulan: bln
minggu: mgg mggu mingu
jam: jm
besok: bsk bsok besuk sesuk isukan
selalu: slalu sll
sering: srg sring seringkali rancak kerep srng
suka: ska
pernah: prnah prnh pernh perna suah
tolong: tlg tlong tolng tlng tlog tolnog tulung tulong tulungi tulungin tolongin tlgin tolongi tolongka tolonglah tulungana tulungono
bantu: bntu bantuin bantui
cepat: cpt cepet cpet capat gancang ndang
segera: sgera sgra
takut: tkt tkut takuut takutan takutka atut wedi mitau
bahaya: bhaya bahya
aman: amn
lecet: lcet
orang: org orng orag wong urang
anak: ank kanak kakanakan bocah larek
adik: adek ade adk ad dek dik ading adingku adhik adekku anri adkku
kakak: kk kaka kakk kaka'
bapak: bpk bapa bpak bapakku bp bapakke bapk bapakk
ayah: ayh ayahanda abah abi abahku bokap
papa: pp papah papi daddy pappa
ibu: ibuk bunda indo' umi ummi simbok
mama: mamah mami mom mamak mamake emak nyokap uma
om: oom paman paklik pakde pakle amang
nenek: nini nenk simbah mbah
teman: tmn temen tmen kawan kwn kanca sahabat sohib bestie kekawanan
pacar: pcr pacr bf gf mantan mntan
guru: gru
orang-tua: ortu ortuku
rumah: rmh rmah umah omah
kamar: kmr kmar kamr bilik kamare
sekolah: sklh skolah skul sekola sekolh skolahan sekolahan
pintu: pntu lawang pint pinto
rusak: rsk
bisa: bs bsa bisaa kawa iso isa saged
boleh: blh bole
keluar: kluar klwar kaluar metu keluwar kelwar kelur
masuk: msk masok msuk mlebu
pulang: plg plang bulik mulih
datang: dtg dtang datng teko
pergi: prgi prg pigi tulak lunga
lari: lri laree
kabur: kbur minggat bukah
sembunyi: bersembunyi sembuni smbunyi sembunyii ngumpet umpet ngumpett basambunyi sambunyi ndelik delik sembunyika semunyi
telepon: tlp telp telpon nelpon telfon nelfon
hidup: hdp idup idupp hdup urip uripku hidp
mati: mti matik matii mokad mokat modar isdet koit mate mampus modiar
meninggal: mninggal meninggl wafat metinggal
capek: cape cpk cpek lelah letih lelaah uyuh caape capk
kuat: kwat kuatt sanggup
sakit: skt sakt
sedih: sdih
nangis: menangis nangs nanges nangisan
darurat: drurat
darah: drh dara
berdarah: bedarah badarah berdarahh
napas: nafas nfs bernapas bernafas napass
banyak: bnyk bnyak byk banyk banyk2 akeh banyakk
banget: bgt bngt bgtt bangt bingit bget banar tenan bgttt
sekali: skali bangat
saja: aja ja aj jha haja wae ae sj doang doank
juga: jg jga jugak
seperti: kayak kyk kaya kek ky kyak kayk nangkaya koyo
bagaimana: gimana gmn gmna gmana bgmn kayapa kepiye piye magai
kenapa: knp knpa napa kanapa ngopo mengapa
apa: ap aapa opo
siapa: sapa sp siapaa sopo
mana: mna ndi
kapan: kpn kpan
obat: obt obatt
minum: mnm minm inum ngombe nginum
botol:
tangan: tgn tngan tangn
kepala: kpala kepla palak sirah
diri: diriku dirimu dirinya
sendiri: sndiri sndri sendri dewe saurangan sorangan dewean
semua: smua smw semwa semuanya smuanya kabeh sabarataan smuany
hilang: ilang hilng menghilang ngilang
laki-laki: laki2 lakilaki cowok cowo lanang lelaki pria
perempuan: prmpuan cewek cewe wedok bibinian
motor: mtr mtor motr
mobil: mbil mobl
jalan: jln dalan
lapor: lpor melapor ngelapor laporin melaporkan laporan
kata: ktanya katanya ujar jare jarnya katane
bilang: blg blang ngomong ngmg ngomg omong bicara bcara ngomongg bepandir
tahu: tau tw thu
begitu: gitu gt gtu
begini: gini
sampai: sampe smpe sampek ampe nyampe
jadi: jd jdi
memang: emang emg emng
benar: bener bnr bujur leres
mungkin: mngkn mgkn mungkn
baru: bru br anyar
senang: seneng sneng
pisau: piso pisaw piso' lading peso pisao
parang:
coba: nyoba mencoba cobain nyobain nyobak
ada: ono onok
dalam: dlm njero dalem
pantas: pantes pntas
guna: gunane gunanya gunana
nyawa: nywa
tanpa: tnp tanpo
lahir: lhir
diam: diem dieem
kecil: kcil cilik
berani: brani wani
bawa: bwa bawak mambawa membawa ngebawa bawain gawa
ambil: ngambil mengambil ambl
pakai: pake pakek pk make memakai
dengar: denger dengr mendengar ngedenger dengerin krungu
teriak: triak teriyak berteriak kuciak teriakan
pinggir: pinggiran tepi
satu: satuu siji
dunia: dunya donya
surga: surgo
habisi: ngabisi
selamanya: slamanya selama-lamanya
gigit: gigitin
bunuh-diri: bundir bundirr bunuhdiri bunuhdir bunuhdr bundiir bunir budir suiside suicid
harus: hrs hrus kudu haruse
berapa: brp brapa brpa piro pinten siaga
dapat: dapet dpt dpet ngedapet oleh'an
tetap: tetep ttp
dimana: dmn dmana dimna neng-endi dipundi
kemana: kmn kmana
cuma: cm cuman cma cumak
padahal: pdhl pdahal
tentang: ttg tntang
sebelum: sblm seblum sbelum
setelah: stlh imbah sawise
daripada: drpd
kelas: kls klas
sebagai: sbg sbgai
tanya: nanya bertanya-tanya takon batakun nanyak nanyain tny
tulis: nulis
tolak: nolak
pilih: milih
panggil: manggil
pikir: mikir mikirin
simpan: nyimpen nyimpan simpen
bayar: byr mbayar
balas: bales bls ngebales
malas: males
dekat: deket parak cedek
kesal: kesel keki
kerja: kerjo gawi bagawi bekerja krja
uang: duit duwit
hp: hape hpe handphone
foto: poto photo fotoku
video: vidio vid
besar: gede gedhe ganal
ingat: inget
malu: isin supan
tiap: saben saban setiap
sedikit: dikit sakadit
lihat: liat ngeliat melihat lht ngliat delok nengok liatin ngeliatin ndelok
tidur: tdr turu guring
makan: mkn maem mangan
kirim: ngirim mengirim krm krim
minta: mnta mintak nyuwun njaluk
nikah: kawin menikah nikahin
istri: bini
bertengkar: berantem brantem bakalahi tukaran cekcok
air: banyu
punya: duwe nduwe pny pnya baisi
ikut: melu milu
marah: nesu sarik mrh
baca: moco mbaca
nanti: ntar nnti ntr tar
cerita: crita crta critain nyeritain ceritain
langsung: lgsg lgsung lngsng lsg
depan: dpn
nomor: nmr nomer nmer
polisi: polis plisi pulisi
psikolog: psikologi
konselor: counselor counsellor konsellor
hanya: hny
sayang: syg
rasa: ngerasa merasa
iya: iyo iyaa he'eh nggih inggih iyes ho'oh
permisi: tabe tabe'
kenapa: magi manengka nyapo
apa: nopo aga
mana: endi
juga: jua
begitu: ngono
begini: ngene
jadi: dadi
karena: mergo amarga amergo
kalau: amun mun yen
dan: lan wan
tapi: nanging
mau: hakun gelem badhe
sudah: sampun
belum: dereng
ini: niki
itu: niku
bagaimana: pripun
siapa: sinten
dari: soko
cepat: lakas
sendiri: sorang
sedang: rahat
baru: hanyar
boleh: bulih
anak: arek bocil
teman: konco kancaku
lapor: malapor ngelaporin nglapor
perempuan: wadon
adu: ngadu mengadu maadu ngaduin
ribut: rame2
gratis: prei
hamil: bunting
kabar: kbr
gadis: gadih
hapus: apus ngapus menghapus
"""


# Words that end in -ku, -mu or -nya by themselves, and must keep it.
WHOLE = """
pelaku berlaku perilaku kelaku bertanya ketemu bertemu temu tanya punya hanya ilmu jamu tamu kamu paku buku suku kuku laku saku siku baku
bangku cemburu semu bumbu nya pertanyaan apakah bagaimanakah siapakah maaf saat taat mobile jumat kalau sekolah masalah salah mudah lah
kah
"""

# Little words that may stand between the words of a phrase without changing it. Banjar, Javanese and Bugis particles among them.
FILLERS = """
saja lah sih deh dong donk nih kok ya yah yaa kan tuh banget sekali kak ka min bang mas mbak mba bu pak kah loh lho ah eh oh uh hm hmm
hiks huhu huhuhu juga dah mi ji ki ma pi pale pang gin ding cil kodong to tho lek rek le nah woy woi pliss plis please pls benar memang
itu ini yang si sang
"""

# Everyday words that are written right: never taken for a misspelling of something else, nor cut ("punya" is no "pu" + -nya).
EVERYDAY = """
ada adalah agar air ajak akhir akhirnya akun alamat alasan alat alun ambil ampun angin angka anggota anjing antara antar antre apel api
arah arti asal asing asli atas atur awal ayam badan bagus bahagia bahan bahasa baik baju bakso balas balik balikpapan ban bangun barang
barat baris batas batu batuk bawa bawah bayar bayi beban beda belajar belakang beli benda bentar bentuk berani berapa beras berat berdiri
beres berita berkah berlari bersih bersama berubah besar biar biasa bibi bidang bikin bisnis bodoh bola boros bosan botak buah buang
budaya buka bukti bulat bunga bungkus buruk burung buruh cabe cabang cahaya calon campur candi cantik capai cara catat catatan cepat cerah
cerai cerita cermin cinta coba cocok coklat contoh cuaca cuci cukup cuma daftar daerah daging dagu dalam dapat dapur dasar datar dekat
delapan demam demi denda depan desa desain detail dinding dingin dokter dompet dosa drama dua duduk dunia durian ekonomi emas empat enak
enam es gaji gajah gambar ganti garam garis gatal gaya gelap gelas gemas gempa gengsi gerak gerbang gigi goreng gosok grup gula guna
gunting gunung hadiah hafal hak halal halaman halo hama hampir handuk hangat harap harga harta harus hati hebat hemat heran hewan hijau
hitam hitung hobi hujan hukum huruf hutan ide ikan iklan ilmu imunisasi indah info ingat inti isi istirahat istri izin jaga jagung jahat
jalan jamin janji jantung jarang jarak jari jauh jawab jelas jelek jempol jemput jendela jual juara jujur jumlah jumpa jurusan kabar kaca
kacang kado kaget kain kaki kalah kalender kali kambing kampung kanan kangen kantin kantor kapal karet karpet karya kasih kasur kasus kata
kawat kebun kecil kecuali kelas keluarga kenal kenyang kendala kepada keras kering kertas ketemu keran kepo kipas kiri kirim kolam komik
kompor kopi koran korban kosong kota kotak kotor kuah kue kuku kuliah kulit kuning kurang kursi kurus kutu ladang lagu lain laku lama
lambat lampu lancar langit langkah langsung lantai lapangan lapar laptop laris latihan laut layar lebar lebaran lebih lecet leher lemah
lemari lembur lewat liar libur lihat lima limun lincah listrik logam lomba lucu luar luas lulus lumayan lupa lurus lusa lutut macam macet
madu mahal main makan makanan makin malas malu mandi mangga manis mantap marah masak masalah mata matahari matematika matang materi meja
menang merah mesin mewah minggu minta minum mirip miskin mobil modal momen mudah muka mulai mulut muncul mundur murah murid musik musim
musuh naik nama nanti nasi nasib negara nenas nilai nomor nonton nyaman nyamuk nyanyi obrol olahraga ombak ongkos otak otot pagar paham
pahit pakai pakan paket paling pameran panas panci panen panggil panggung pantai panjang papan parah parkir pasar pasir pasti patah patuh
payah payung pecah pedas peduli pegal pelajar pelajaran pelan pelukis pena pendek penting penuh perah perahu peran perban percaya periksa
perlu pesan pesta pesawat piala pijat pikir pilih pindah pinggir pinjam pintar piring pisah pisang pohon polisi pondok pos potong praktik
protes proses puasa puisi pulau pulpen puncak pupuk pusat pusing putih putus racik ragu raih rajin raket rambut ramah ramai rambutan rapat
rapi rapor rasa rata ratus raya rebus rendah rendang resep resmi restoran ribu ribut rincian ringan rindu roti ruang rugi rutin sabar
sabtu sabun sakit saku salah salam salep saling sambal sampah samping sana sandal santai sapi sapu satu sayang sayap sayur sebab sebar
sebelah sedap sedih sedikit segar sehat sejak selalu selamat selatan selesai seluruh semangat sempat sempit sendok senin senter sepakbola
sepatu sepeda sepi seram seragam serius seru servis setan setia setuju sewa siang sibuk sidang sikap sikat silakan silat sinar sisa siswa
soal sore sosis status suara suami suap sudut suka suku sulit sumber sungai sumpah supaya supir surat susah susu suster syarat tabung tadi
tahan tahap tajam taksi tali taman tamat tambah tampak tampan tamu tanah tanda tangga tanggal tante tanya tari tarif tas tawa tawar tebal
tebak tegak teguh teh tekan telat teliti telur tempat tempel tenang tengah tentang tepat terbang terima terlalu ternyata tertawa terus
tetap tetangga tiang tiba tidur tikus timur tinggal tinggi tipis titip toko tomat tonton topi tua tubuh tugas tukang tulis tumbuh turun
tutup uang ubah uji ujian ukur ulang ulangan umum umur undang upah upacara urus usaha usia utama utara vaksin warga warna warung waktu
wajib wajah wangi wisata yakin zaman takar talang kari hari duri lari dari sari cari peri beri kantong kantung tokek rekan makam malam
talam kapar tapak kapak bapak sekali kembali ketika dimana kemana darimana kayaknya misalnya biasanya sebenarnya semoga alhamdulillah
assalamualaikum waalaikumsalam makasih terimakasih thanks hai hello oke baiklah siap silahkan mohon maaf permisi want wont when went that
this these those with have will would what where there their they them then than been being from about after again because before could
should some time very your just like know need good well work school home house phone call talk told tell said says feel felt fine sure
happy think thing things today tomorrow night morning look looking find come came back here much many more most only other over ajar
ajarin diajarin ngajarin mengajar diajar belajarin kulkas ikut ikutan ajari ajarkan diajari diajarkan mengajari mengajarkan ngajari
wajar butuh perang dibaca dibayar membayar bayar bayarin dibayarin nyebar nyebarin menyebar jorok goblok galak magang penjaga karang larang
melarang dilarang sebut nyebut dicabut mencabut nyabut dendam jaksa murung staf nikahkan menikahkan menikahi dinikahkan nyuri dicuri mencuri
ditemani menemani nemenin nebak menebak ditebak menenangkan nenangin ditolong nolongin nolongnya menolongnya membantu bantunya bandingin
dibandingin tewas teras dipasang memasang nyatet negur ngurangin ngurangi dikurangi kurangi mengurangi menyikapi menyusun dipotong tawaran
menawari cemas nunggak rawat merawat dirawat mendekati mendidik mendidiknya gemuk jejak pajak bebas tegas balap gawai umpat mutusin
diputusin dipecat melayang tried rame vape vaping killer turn using broken shop shout paper chest hidung dijaluki disabel dibentuk kenari
mulu mading keramik
"""
