# 日本語の文言。キーと引数は en.ftl と同じです。

## ジョブの状態

job-queued = { $position ->
    [1] 次に描きます。
   *[other] 順番待ちです（{ $position }番目）。
}
job-running = 描いています（{ $step } / { $steps } ステップ）。

## ジョブの結果

job-done = { $count ->
    [1] 絵ができました。
   *[other] 絵が{ $count }枚できました。
}
job-cancelled = ジョブ{ $job }は取り消されました。
job-expired = ジョブ{ $job }は待ち時間が長すぎたため、中止しました。もう一度お試しください。
job-failed-invalid-request = このモデルでは、ジョブ{ $job }をこの設定で描けません。サイズを変えるか、ステップ数を減らしてお試しください。
job-failed-model = ジョブ{ $job }のモデルを読み込めませんでした。原因はサービスのログに記録されています。
job-failed-out-of-memory = ジョブ{ $job }を描くためのメモリが足りませんでした。サイズを小さくしてお試しください。
job-failed-storage = ジョブ{ $job }の絵を保存できませんでした。原因はサービスのログに記録されています。
job-failed-stalled = ジョブ{ $job }は2回とも途中で止まってしまいました。原因はサービスのログに記録されています。
job-failed-crashed = ジョブ{ $job }を描いている途中でサービスが2回停止したため、中止しました。
job-failed-internal = ジョブ{ $job }を描いている途中で問題が起きました。お手数ですが、もう一度お試しください。

## 結果に添える説明

note-prompt-truncated = プロンプトが長すぎるため、終わりの部分は絵に反映されていません。
note-steps = ステップ数は{ $asked }ではなく、指定できる範囲の{ $used }で描きました。
note-guidance = ガイダンスは{ $asked }ではなく、指定できる範囲の{ $used }で描きました。
note-size = サイズは{ $asked }ではなく、指定できる範囲の{ $used }で描きました。
note-count = 枚数は{ $asked }枚ではなく、一度に描ける{ $used }枚にしました。
recipe = シード { $seed } · { $steps }ステップ · ガイダンス { $guidance } · { $size } · { $scheduler } · { $model }

## コマンド

help-intro = 描いてほしいものを書いてください。コマンドのない文はプロンプトとして扱います。
help-usage = { $command } – { $description }
help-argument = プロンプト
command-draw = 絵を描きます
command-help = この説明を表示します
option-no = 絵に入れたくないもの
option-steps = 描き込みの回数（多いほど時間がかかります）
option-size = 幅と高さ（ピクセル）
option-guidance = プロンプトにどれだけ忠実に描くか
option-seed = 同じシードと設定なら同じ絵になります
option-count = 枚数
option-scheduler = ノイズの取り除き方（DDIM、Eulerなど）
option-model = 使うモデル

## 入力の誤り

error-empty-prompt = 描いてほしいものを書いてください。例: /draw 後藤ひとり
error-prompt-too-long = プロンプトが{ $chars }文字あります。{ $max }文字以内にしてください。
error-unknown-command = /{ $name }というコマンドはありません。使い方は/helpで確認できます。
error-unknown-option = /{ $command }に--{ $name }というオプションはありません。使えるオプション: { $known }
error-option-without-use = /{ $command }の後には何も書けません。
error-missing-value = --{ $option }には値が必要です。例: --{ $option } { $example }
error-bad-value = 「{ $value }」は--{ $option }の値として使えません。例: --{ $option } { $example }
error-unknown-choice = { $option }に「{ $value }」はありません。選べるもの: { $known }

## お断り

refused-queued-per-user = { $limit ->
    [1] 前の絵がまだできていません。できあがってから、もう一度お試しください。
   *[other] まだ終わっていないジョブが{ $queued }件あります（上限は{ $limit }件です）。どれかが終わってから、もう一度お試しください。
}
refused-queue-full = 順番待ちが上限の{ $limit }件に達しています。数分後にもう一度お試しください。
refused-stopping = サービスを停止しているところです。少し待ってから、もう一度お試しください。
refused-per-day = 24時間の上限（{ $limit }件）に達しました。{ $again }に、もう一度お試しください。
again-minutes = { $minutes }分後
again-hours = { $hours }時間後

## サービスの問題

internal-error = こちらの問題で処理できませんでした。原因はサービスのログに記録されています。

## ウェブページ

web-tagline = ことばから絵を描くチャットです。
web-welcome-title = 何を描きましょうか？
web-welcome-text = 描いてほしい人物を日本語か英語で書いてください。このコンピューターの中で、少しずつ絵ができあがります。
web-examples = 例
web-example-1 = 銀髪、ツインテール、赤い瞳、黒い着物、星空
web-example-2 = 緑のボブ、眼鏡、黄色いパーカー、笑顔
web-messages = メッセージ
web-composer = コマンドまたはプロンプト
web-placeholder = 描いてほしいものを書いてください
web-hint = Enterで送信 · Shift + Enterで改行 · ↑で前の入力 · /helpで使い方
web-send = 送信
web-you = あなた:
web-progress = 絵の進み具合
web-earlier = 以前の絵を表示
web-newest = 最新へ
web-draw-again = もう一度描く
web-copy-recipe = レシピをコピー
web-copied = コピーしました
web-download = ダウンロード
web-retry = もう一度送る
web-recipe-negative = 除くもの
web-recipe-seed = シード
web-recipe-steps = ステップ数
web-recipe-guidance = ガイダンス
web-recipe-size = サイズ
web-recipe-scheduler = スケジューラー
web-recipe-model = モデル
web-offline = 再接続しています…
web-problem-offline = サービスに接続できません。
web-problem-refused = この操作は受け付けられませんでした。ページを再読み込みしてください。
web-problem-too-large = 文が長すぎます。
web-problem-unknown = サービスで問題が起きました。
web-login-text = このチャットは非公開です。
web-login-token = アクセストークン
web-login-enter = 入る
web-login-wrong = トークンが違います。
