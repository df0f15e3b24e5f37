// Generated from schemas/ by `make schemas`; do not edit.
export const LEVELS = Object.freeze({
 "1": {
  "level": 1,
  "ground": "#FFFFFF",
  "ink": "#000000",
  "shape": "circle",
  "colour": {
   "ja": "白",
   "easy": "しろ",
   "en": "white"
  },
  "order": null,
  "action": {
   "ja": "災害への心構えを高める",
   "easy": "これからの しらせに きをつけて ください",
   "en": "Be prepared"
  },
  "equivalentAction": {
   "ja": "災害への心構えを高める",
   "easy": "これからの しらせに きをつけて ください",
   "en": "Be prepared"
  }
 },
 "2": {
  "level": 2,
  "ground": "#F2E700",
  "ink": "#000000",
  "shape": "triangle",
  "colour": {
   "ja": "黄",
   "easy": "きいろ",
   "en": "yellow"
  },
  "order": null,
  "action": {
   "ja": "避難の場所と道を確認",
   "easy": "にげる ばしょと みちを たしかめて ください",
   "en": "Check where and how to evacuate"
  },
  "equivalentAction": {
   "ja": "避難の場所と道を確認",
   "easy": "にげる ばしょと みちを たしかめて ください",
   "en": "Check where and how to evacuate"
  }
 },
 "3": {
  "level": 3,
  "ground": "#FF2800",
  "ink": "#000000",
  "shape": "square",
  "colour": {
   "ja": "赤",
   "easy": "あか",
   "en": "red"
  },
  "order": {
   "ja": "高齢者等避難",
   "easy": "おとしよりなどは にげて ください",
   "en": "Evacuation for the elderly and others who need time"
  },
  "action": {
   "ja": "危険な場所から 高齢者などは避難",
   "easy": "あぶない ばしょから おとしよりなどは にげて ください",
   "en": "Elderly people and those who need time: leave dangerous places"
  },
  "equivalentAction": {
   "ja": "避難に時間がかかる人は 避難の判断を",
   "easy": "にげるのに じかんが かかる ひとは にげる じゅんびを して ください",
   "en": "If you need time to evacuate, decide now"
  }
 },
 "4": {
  "level": 4,
  "ground": "#AA00AA",
  "ink": "#FFFFFF",
  "shape": "diamond",
  "colour": {
   "ja": "紫",
   "easy": "むらさき",
   "en": "purple"
  },
  "order": {
   "ja": "避難指示",
   "easy": "みんな にげて ください",
   "en": "Evacuation order"
  },
  "action": {
   "ja": "危険な場所から 全員避難",
   "easy": "あぶない ばしょから みんな にげて ください",
   "en": "Everyone: leave dangerous places"
  },
  "equivalentAction": {
   "ja": "危険な場所にいる人は 市の指示を待たず 避難の判断を",
   "easy": "あぶない ばしょに いる ひとは いま にげるか きめて ください",
   "en": "In a dangerous place? Decide to leave; do not wait for an order"
  }
 },
 "5": {
  "level": 5,
  "ground": "#0C000C",
  "ink": "#FFFFFF",
  "shape": "octagon",
  "colour": {
   "ja": "黒",
   "easy": "くろ",
   "en": "black"
  },
  "order": {
   "ja": "緊急安全確保",
   "easy": "いのちを まもって ください",
   "en": "Emergency safety measures"
  },
  "action": {
   "ja": "命の危険 直ちに安全確保",
   "easy": "いのちが あぶないです。すぐ あんぜんな ところへ",
   "en": "Life in danger: get to the safest place you can, now"
  },
  "equivalentAction": {
   "ja": "命の危険 直ちに身の安全を確保",
   "easy": "いのちが あぶないです。すぐ あんぜんな ところへ",
   "en": "Life in danger: get to the safest place you can, now"
  }
 }
});
export const HAZARDS = Object.freeze({
 "heavy_rain": {
  "name": {
   "ja": "大雨",
   "easy": "おおあめ",
   "en": "heavy rain"
  },
  "action": {
   "ja": "川や海、低い土地に近づかないでください",
   "easy": "かわや うみ、ひくい ところに ちかづかないで ください",
   "en": "Keep away from rivers, the sea and low ground"
  }
 },
 "landslide": {
  "name": {
   "ja": "土砂災害",
   "easy": "がけくずれ",
   "en": "landslide"
  },
  "action": {
   "ja": "がけや沢から離れてください",
   "easy": "がけや さわから はなれて ください",
   "en": "Keep away from slopes and ravines"
  }
 },
 "storm_surge": {
  "name": {
   "ja": "高潮",
   "easy": "たかしお",
   "en": "storm surge"
  },
  "action": {
   "ja": "海に近づかないでください",
   "easy": "うみに ちかづかないで ください",
   "en": "Keep away from the sea"
  }
 },
 "flood": {
  "name": {
   "ja": "氾濫",
   "easy": "かわの はんらん",
   "en": "river flood"
  },
  "action": {
   "ja": "川や海、低い土地に近づかないでください",
   "easy": "かわや うみ、ひくい ところに ちかづかないで ください",
   "en": "Keep away from rivers, the sea and low ground"
  }
 },
 "wind": {
  "name": {
   "ja": "暴風",
   "easy": "つよい かぜ",
   "en": "strong wind"
  },
  "action": {
   "ja": "外に出ず、窓から離れてください",
   "easy": "そとに でないで ください。まどから はなれて ください",
   "en": "Stay indoors, away from windows"
  }
 },
 "snowstorm": {
  "name": {
   "ja": "暴風雪",
   "easy": "ふぶき",
   "en": "snowstorm"
  },
  "action": {
   "ja": "外に出ず、窓から離れてください",
   "easy": "そとに でないで ください。まどから はなれて ください",
   "en": "Stay indoors, away from windows"
  }
 },
 "wave": {
  "name": {
   "ja": "波浪",
   "easy": "たかい なみ",
   "en": "high waves"
  },
  "action": {
   "ja": "海に近づかないでください",
   "easy": "うみに ちかづかないで ください",
   "en": "Keep away from the sea"
  }
 },
 "heavy_snow": {
  "name": {
   "ja": "大雪",
   "easy": "おおゆき",
   "en": "heavy snow"
  },
  "action": {
   "ja": "不要な外出を控えてください",
   "easy": "できるだけ そとに でないで ください",
   "en": "Go out only if you must"
  }
 },
 "thunder": {
  "name": {
   "ja": "雷",
   "easy": "かみなり",
   "en": "thunder"
  },
  "action": {
   "ja": "建物の中に入ってください",
   "easy": "たてものの なかに はいって ください",
   "en": "Go inside a building"
  }
 },
 "fog": {
  "name": {
   "ja": "濃霧",
   "easy": "こい きり",
   "en": "dense fog"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 },
 "dry_air": {
  "name": {
   "ja": "乾燥",
   "easy": "くうきの かんそう",
   "en": "dry air"
  },
  "action": {
   "ja": "火の取扱いに注意してください",
   "easy": "ひに きをつけて ください",
   "en": "Take care with fire"
  }
 },
 "avalanche": {
  "name": {
   "ja": "なだれ",
   "easy": "なだれ",
   "en": "avalanche"
  },
  "action": {
   "ja": "雪の積もった斜面に近づかないでください",
   "easy": "ゆきの さかに ちかづかないで ください",
   "en": "Keep away from snowy slopes"
  }
 },
 "snowmelt": {
  "name": {
   "ja": "融雪",
   "easy": "ゆきどけ",
   "en": "snowmelt"
  },
  "action": {
   "ja": "川や海、低い土地に近づかないでください",
   "easy": "かわや うみ、ひくい ところに ちかづかないで ください",
   "en": "Keep away from rivers, the sea and low ground"
  }
 },
 "low_temperature": {
  "name": {
   "ja": "低温",
   "easy": "ひくい おんど",
   "en": "low temperature"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 },
 "frost": {
  "name": {
   "ja": "霜",
   "easy": "しも",
   "en": "frost"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 },
 "icing": {
  "name": {
   "ja": "着氷",
   "easy": "こおりの つくこと",
   "en": "icing"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 },
 "snow_accretion": {
  "name": {
   "ja": "着雪",
   "easy": "ゆきの つくこと",
   "en": "snow accretion"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 },
 "tornado": {
  "name": {
   "ja": "竜巻",
   "easy": "たつまき",
   "en": "tornado"
  },
  "action": {
   "ja": "外に出ず、窓から離れてください",
   "easy": "そとに でないで ください。まどから はなれて ください",
   "en": "Stay indoors, away from windows"
  }
 },
 "rainband": {
  "name": {
   "ja": "線状降水帯",
   "easy": "つづく はげしい あめ",
   "en": "rain band"
  },
  "action": {
   "ja": "川や海、低い土地に近づかないでください",
   "easy": "かわや うみ、ひくい ところに ちかづかないで ください",
   "en": "Keep away from rivers, the sea and low ground"
  }
 },
 "record_rain": {
  "name": {
   "ja": "記録的短時間大雨",
   "easy": "とても はげしい あめ",
   "en": "record rain"
  },
  "action": {
   "ja": "川や海、低い土地に近づかないでください",
   "easy": "かわや うみ、ひくい ところに ちかづかないで ください",
   "en": "Keep away from rivers, the sea and low ground"
  }
 },
 "heat": {
  "name": {
   "ja": "熱中症",
   "easy": "ねっちゅうしょう",
   "en": "heat"
  },
  "action": {
   "ja": "涼しい所で過ごし、水分をとってください",
   "easy": "すずしい ところに いて、みずを のんで ください",
   "en": "Stay cool and drink water"
  }
 },
 "typhoon": {
  "name": {
   "ja": "台風",
   "easy": "たいふう",
   "en": "typhoon"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 },
 "quake": {
  "name": {
   "ja": "地震",
   "easy": "じしん",
   "en": "earthquake"
  },
  "action": {
   "ja": "揺れに注意し、身の安全を確保してください",
   "easy": "ゆれに きをつけて ください",
   "en": "Protect yourself; expect more shaking"
  }
 },
 "tsunami": {
  "name": {
   "ja": "津波",
   "easy": "つなみ",
   "en": "tsunami"
  },
  "action": {
   "ja": "海や川から離れ、高い所へ逃げてください",
   "easy": "うみや かわから はなれて、たかい ところへ にげて ください",
   "en": "Leave the coast and rivers; go to high ground"
  }
 },
 "volcano": {
  "name": {
   "ja": "噴火",
   "easy": "かざんの ふんか",
   "en": "volcanic eruption"
  },
  "action": {
   "ja": "火口に近づかないでください",
   "easy": "かざんに ちかづかないで ください",
   "en": "Keep away from the crater"
  }
 },
 "ash": {
  "name": {
   "ja": "降灰",
   "easy": "かざんの はい",
   "en": "ash fall"
  },
  "action": {
   "ja": "不要な外出を控えてください",
   "easy": "できるだけ そとに でないで ください",
   "en": "Go out only if you must"
  }
 },
 "nankai": {
  "name": {
   "ja": "南海トラフ地震",
   "easy": "なんかいトラフ じしん",
   "en": "Nankai Trough earthquake"
  },
  "action": {
   "ja": "地震への備えを確認してください",
   "easy": "じしんの じゅんびを して ください",
   "en": "Check your earthquake preparations"
  }
 },
 "gauge": {
  "name": {
   "ja": "川の水位",
   "easy": "かわの みずの たかさ",
   "en": "river level"
  },
  "action": {
   "ja": "川や海、低い土地に近づかないでください",
   "easy": "かわや うみ、ひくい ところに ちかづかないで ください",
   "en": "Keep away from rivers, the sea and low ground"
  }
 },
 "evacuation": {
  "name": {
   "ja": "避難情報",
   "easy": "ひなんの しらせ",
   "en": "evacuation"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 },
 "shelter": {
  "name": {
   "ja": "避難所",
   "easy": "ひなんじょ",
   "en": "shelter"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 },
 "notice": {
  "name": {
   "ja": "お知らせ",
   "easy": "おしらせ",
   "en": "notice"
  },
  "action": {
   "ja": "今後の情報に注意してください",
   "easy": "これからの しらせを みて ください",
   "en": "Follow the next reports"
  }
 }
});
export const WARNING_LEVEL = Object.freeze({
 "ja": "警戒レベル",
 "easy": "けいかいレベル",
 "en": "level"
});
export const EQUIVALENT = Object.freeze({
 "ja": "相当",
 "easy": "くらい",
 "en": "equivalent"
});
export const DRILL = Object.freeze({
 "mark": {
  "ja": "【訓練】",
  "easy": "【訓練】",
  "en": "DRILL: "
 },
 "said": {
  "ja": "これは訓練です",
  "easy": "れんしゅうです。 ほんとうでは ありません",
  "en": "This is a drill, not a real alert"
 },
 "content": {
  "ja": "訓練の内容",
  "easy": "れんしゅうの なかみ",
  "en": "The drill says"
 }
});
