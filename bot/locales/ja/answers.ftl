## コマンドの返事

ping = Ekaki { $version } は動いています。
queue-counts = 描いているジョブ：{ $running }件、順番待ち：{ $waiting }件
queue-own = あなたのジョブ{ $job }は{ $position }番目です。
queue-own-running = あなたのジョブ{ $job }を描いています。
queue-remaining = { $line }できあがるまで{ $about }です。
queue-other = { $position ->
    [0] 描画中：ジョブ{ $job }{ $user }
   *[other] { $position }番目：ジョブ{ $job }{ $user }
}
queue-whose = （{ $user }）
queue-paused = 描画を一時停止しています。ジョブは受け付け、順番を待ちます。
queue-draining = ただいま新しいジョブを受け付けていません。

quota-minute = 直近1分間
quota-hour = 直近1時間
quota-day = 直近24時間
quota-unlimited = { $window }：{ $used }件（上限なし）
quota-left = { $window }：{ $limit }件中{ $used }件を使用、残り{ $left }件
quota-more = { $line }（{ $again }に1件空きます）
quota-unfinished = 終わっていないジョブ：{ $unfinished }件
quota-unfinished-of = 終わっていないジョブ：{ $unfinished }件（上限{ $limit }件）
quota-cooldown = 次のジョブは、{ $again }に依頼できます。
quota-picture = 1件のジョブの上限：{ $count }枚、{ $steps }ステップ、{ $size }相当のピクセル数

models-intro = モデル（--modelで選べます。先頭が標準です）：
models-line = { $id } – { $description }（{ $size }、{ $steps }ステップ）
styles-none = スタイルはありません。
styles-intro = スタイル（--styleで選べます）：
styles-line = { $name } – { $prompt }
styles-line-negative = { $name } – { $prompt }（除外：{ $negative }）

settings-kept = 設定を変更しました。
settings-line = { $name }：{ $value }
settings-usual = 標準
settings-size = サイズ
settings-model = モデル
settings-style = スタイル
settings-language = 言語
settings-private = 非公開
flag-yes = はい
flag-no = いいえ
language-name = 日本語

history-intro = あなたのジョブ（新しい順）：
history-found = 「{ $find }」を含むあなたのジョブ（新しい順）：
history-none = まだジョブがありません。描いてほしいものを書いてください。
history-nothing-found = 「{ $find }」を含むジョブはありません。
history-nothing-found-yet = 調べた{ $jobs }件に「{ $find }」を含むジョブはありませんでした。さらに古いジョブも調べられます。
history-nothing-older = 「{ $find }」を含むジョブは、これより前にはありません。
history-none-yet = 調べた{ $jobs }件のジョブはすべて削除されています。さらに古いジョブも調べられます。
history-none-older = これより前のジョブはありません。
history-line = { $job } · { $time } · { $prompt }{ $state }
history-queued = （順番待ち）
history-running = （描画中）
history-done = { "" }
history-failed = （失敗）
history-cancelled = （取り消し）
history-expired = （中止）

cancel-ended = ジョブ{ $job }を取り消しました。
cancel-ending = ジョブ{ $job }を取り消しています。今のステップが終わると止まります。
deleted = { $images ->
    [0] ジョブ{ $job }に絵はありませんでした。メッセージを削除しました。
   *[other] ジョブ{ $job }の絵を{ $images }枚削除しました。
}
deleted-without-message = ジョブ{ $job }の絵は削除しましたが、メッセージを消せませんでした。お手数ですが、ご自身で削除してください。
originals = 保存されているファイルをそのままお送りします（{ $files }件）。
show-not-here = ここでは絵の表示ルールがジョブ{ $job }を描いた場所より厳しいため、絵を表示できません。「/again { $job }」で、ここのルールに沿って描き直せます。
edit-ask = ジョブ{ $job }のプロンプトをどのように書き直しますか。「/edit { $job } 新しいプロンプト」と書くこともできます。
edit-label = 新しいプロンプト
forget-ask = あなたのジョブ、絵、設定をすべて削除します。元には戻せません。よろしければボタンを押すか、「/forgetme { $code }」と書いてください。
forget-left = 終わっていないジョブが{ $jobs }件残っています。終わってから、もう一度お試しください。
forget-done = すべて削除しました（ジョブ{ $jobs }件、絵{ $images }枚、設定）。
