// What the resident's page says beside the situation: places, wishes, settings. In the three languages that are reviewed.

/** @typedef {import("../shared/types").Text} Text */

/** @param {string} ja @param {string} easy @param {string} en @returns {Text} */
const text = (ja, easy, en) => ({ ja, easy, en });

export const TABS = {
  now: text("いま", "いま", "Now"),
  prepare: text("備え", "じゅんび", "Prepare"),
  settings: text("設定", "せってい", "Settings"),
};

export const ROLE = {
  home: text("自宅", "いえ", "Home"),
  work: text("職場", "しごと", "Work"),
  school: text("学校", "がっこう", "School"),
  family: text("実家", "かぞくの いえ", "Family"),
  other: text("", "", ""),
};

export const ROLE_LONG = Object.assign({}, ROLE, { other: text("そのほか", "そのほか", "Other") });

export const SAY = {
  welcome: text("どこの情報を見ますか", "どこの しらせを みますか", "Which place do you want to follow?"),
  welcomeWhy: text(
    "自宅や職場の市町村を選ぶと、そこで いま何をすればよいかが すぐ分かります。名前や電話番号は要りません。",
    "いえや しごとの ばしょを えらんで ください。 なまえや でんわばんごうは いりません。",
    "Choose the city of your home or work to see at once what to do there. No name or phone number is needed.",
  ),
  places: text("見ている場所", "みている ばしょ", "Places you follow"),
  addPlace: text("場所を追加", "ばしょを ふやす", "Add a place"),
  search: text("市町村の名前", "まちの なまえ", "Name of the city"),
  searchHint: text("漢字・かな・ローマ字で", "ひらがなや ローマじで", "In Japanese or Latin letters"),
  notFound: text(
    "見つかりません。ここで分かるのは この市と近くの市だけです。ほかの市は、その市のページを見てください。",
    "みつかりません。 ここで わかるのは この まちと となりの まちだけです。",
    "Not found. This page knows this city and its neighbours only; other cities have pages of their own.",
  ),
  byName: text("名前でさがす", "なまえで さがす", "Search by name"),
  whatIsIt: text("どんな場所ですか", "どんな ばしょですか", "What is this place to you?"),
  onlyHere: text("この端末だけに残り、どこにも送りません", "この きかいだけに のこります。 どこにも おくりません", "Kept on this device only, never sent"),
  add: text("追加する", "ふやす", "Add"),
  cancel: text("やめる", "やめる", "Cancel"),
  remove: text("この場所をはずす", "この ばしょを けす", "Remove this place"),
  removeShort: text("はずす", "けす", "Remove"),
  full: text("場所は5つまでです", "ばしょは 5つまでです", "Five places at the most"),
  cityNow: text("のいま", "の いま", " now"),
  course: text("これまでの流れ", "いままでの こと", "What happened so far"),
  courseNone: text("この端末で見た動きは まだありません", "まだ なにも ありません", "Nothing has happened while you looked"),
  byThen: text("まで", "まで", "by"),
  released: text("解除", "おわり", "over"),
  over: text("終了", "おわり", "over"),
  cancelled: text("取消（誤り）", "まちがい", "withdrawn"),
  lapsed: text("以降 未確認", "から あとは わかりません", "last confirmed"),
  reason: text("この通知が届いた理由", "しらせが とどいた わけ", "Why you were notified"),
  reasonAsking: text("調べています", "しらべています", "Looking it up"),
  reasonNone: text("いまは調べられません。少し待って もう一度押してください。", "いまは わかりません。 すこし まって ください。", "It cannot be looked up now. Try again in a minute."),
  reasonRecord: text("くわしい記録", "きろく（にほんご）", "Record (in Japanese)"),
  refuge: text("避難先", "にげる ばしょ", "Where you would go"),
  refugeSet: text("避難先を決める", "にげる ばしょを きめる", "Decide where to go"),
  refugeHint: text("例：早川小学校、高台のおばの家", "れい： がっこう、 しんせきの いえ", "e.g. the primary school, my aunt's house"),
  refugeOwn: text("あなたが決めた避難先", "あなたが きめた ばしょ", "Where you decided to go"),
  tellFamily: text("家族に知らせる", "かぞくに しらせる", "Tell my family"),
  told: text("文をコピーしました。メールなどに貼り付けてください", "ぶんを コピーしました", "Copied; paste it into a message"),
  notTold: text("下の文を写して送ってください", "したの ぶんを おくって ください", "Copy and send the text below"),
  language: text("ことば", "ことば", "Language"),
  notify: text("通知", "しらせ", "Notifications"),
  notifyHere: text("この端末で受け取る", "この きかいに しらせる", "Notify this device"),
  notifyDemo: text(
    "これはデモです。通知は、この機械の中のデモの電話に届きます。",
    "これは デモです。 しらせは デモの でんわに とどきます。",
    "This is a demo: notifications reach a demo phone inside this machine.",
  ),
  inbox: text("デモの電話を見る", "デモの でんわを みる", "See the demo phones"),
  notifyLive: text(
    "通知は、市が案内するスマートフォンのアプリが届けます。このページは、開いているあいだ いつも最新です。眠っているときのために、緊急速報メールと防災行政無線も必ず確認できるようにしておいてください。",
    "しらせは まちの アプリが とどけます。 この ページは ひらいて いる あいだ いつも あたらしいです。 ねて いる ときの ために、 けいたいでんわの きんきゅうの しらせと スピーカーも きけるように して ください。",
    "Notifications come with the app that the city names. This page is up to date while it is open. For the night, also rely on emergency alerts on your phone and the city's loudspeakers.",
  ),
  needPlace: text("先に場所を選んでください", "さきに ばしょを えらんで ください", "Choose a place first"),
  least: text("知らせる強さ", "しらせの つよさ", "How much to tell"),
  offered: text("おすすめ", "おすすめ", "advised"),
  quiet: text("静かにする時間", "しずかに する じかん", "Quiet hours"),
  quietOn: text("夜は静かにする", "よるは しずかに する", "Be quiet at night"),
  quietFrom: text("から", "から", "from"),
  quietTo: text("まで", "まで", "to"),
  quietOrders: text(
    "高齢者等避難（警戒レベル３）も この時間は待つ",
    "おとしよりなどが にげる しらせも あとに する",
    "Let level 3 orders (elderly and others) wait too",
  ),
  quietStill: text(
    "この時間も、避難の情報、危険警報・特別警報、地震、津波は届きます。",
    "この じかんも、 にげる しらせ、 とても あぶない しらせ、 じしん、 つなみは とどきます。",
    "Evacuation orders, danger and emergency warnings, earthquakes and tsunamis still come through.",
  ),
  test: text("受信テスト", "しらせを ためす", "Send a test"),
  testing: text("送っています", "おくって います", "Sending"),
  trySent: text("テストを送りました。デモの電話に届いています", "テストを おくりました。 デモの でんわを みて ください", "The test has reached the demo phone"),
  tryUnderWay: text("テストを送っている途中です", "テストを おくって います", "The test is on its way"),
  tryDead: text("届きませんでした。通知を切って もう一度入れてください", "とどきませんでした。 いちど きって、 もう いちど いれて ください", "It did not arrive. Turn notifications off and on again"),
  tryOften: text("少し待ってから もう一度押してください", "すこし まって ください", "Wait a little, then try again"),
  tryNone: text("いまは送れません", "いまは おくれません", "It cannot be sent now"),
  saving: text("保存しています", "ほぞん して います", "Saving"),
  saved: text("保存しました", "ほぞん しました", "Saved"),
  waiting: text("まだ登録できていません。つながったら 自動で登録します", "まだ とうろく できて いません。 つながったら とうろく します", "Not registered yet; it will be as soon as there is a connection"),
  refused: text("登録できませんでした", "とうろく できませんでした", "It was not accepted"),
  data: text("あなたの情報", "あなたの こと", "Your data"),
  dataWhy: text(
    "登録に使うのは、市町村・知らせる強さ・ことば・静かにする時間・届け先だけです。名前・電話番号・「自宅」などの区別・避難先は送りません。",
    "おくるのは まち、 しらせの つよさ、 ことば、 じかんだけです。 なまえや でんわばんごうは おくりません。",
    "Registered are only cities, how much to tell, language, quiet hours and the address of this device. Names, phone numbers, what a place is to you and where you would go are never sent.",
  ),
  look: text("登録されている内容を見る", "とうろくを みる", "See all that is registered"),
  deleteAll: text("すべて消す", "ぜんぶ けす", "Delete everything"),
  deleteSure: text(
    "場所・設定・流れを この端末から消し、通知の登録も取り消します。よろしいですか。",
    "ぜんぶ けします。 しらせも とどかなく なります。 いいですか。",
    "Places, settings and history are deleted here, and notifications are unregistered. Are you sure?",
  ),
  deleteYes: text("消す", "けす", "Delete"),
  deleted: text("すべて消しました", "ぜんぶ けしました", "Everything is deleted"),
  deleting: text(
    "この端末からは消しました。登録の取り消しは、つながりしだい行います",
    "この きかいからは けしました。 つながったら とうろくも けします",
    "Deleted here. The registration is deleted as soon as there is a connection",
  ),
  levels: text("警戒レベルと とる行動", "けいかいレベルと すること", "Warning levels and what to do"),
  advice: text("日ごろの備え", "いつもの じゅんび", "Before anything happens"),
  demo: text("デモ", "デモ", "DEMO"),
  demoWhy: text("見本です。実際の情報ではありません", "みほんです。 ほんとうの しらせでは ありません", "A sample, not real information"),
  install: text("ホーム画面に追加すると、電波がなくても最後の情報を見られます。", "ホームがめんに いれると、 インターネットが なくても みられます。", "Add this page to your home screen to see the last information without a connection."),
};

/** What the least rank means, by rank: what it is called, and what is told from there on. */
export const RANKS = /** @type {{[rank: number]: {name: Text, what: Text}}} */ ({
  5: {
    name: text("命の危険だけ", "いのちが あぶない ときだけ", "Only danger to life"),
    what: text("緊急安全確保、特別警報、大津波警報、震度6弱以上", "いのちが あぶない ときの しらせ。 おおきな つなみ、 つよい じしん", "Emergency safety measures, emergency warnings, major tsunami, intensity 6-lower and above"),
  },
  4: {
    name: text("避難の情報から", "にげる しらせから", "From evacuation orders on"),
    what: text("避難指示、危険警報、津波警報、震度5弱以上", "みんな にげて ください の しらせ。 つなみ、 つよい じしん", "Evacuation orders, danger warnings, tsunami warnings, intensity 5-lower and above"),
  },
  3: {
    name: text("警報から", "けいほうから", "From warnings on"),
    what: text("高齢者等避難、警報、津波注意報、震度4以上", "おとしよりなどは にげて ください の しらせ。 けいほう、 じしん", "Evacuation of the elderly, warnings, tsunami advisories, intensity 4 and above"),
  },
  2: {
    name: text("注意報から", "ちゅういほうから", "From advisories on"),
    what: text("大雨や強風などの注意報、震度3以上も。雷や霧など、市が通知しない注意報もあります", "おおあめや かぜの ちゅういほうも。 しらせない ちゅういほうも あります", "Advisories for heavy rain, gales and the like, and intensity 3; some, such as thunder or fog, the city does not send"),
  },
});
