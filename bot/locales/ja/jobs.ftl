# 日本語の文言。キーと引数は、en フォルダーの同じ名前のファイルと同じです。

## ジョブの状態

job-queued = { $position ->
    [1] 次に描きます。
   *[other] 順番待ちです（{ $position }番目）。
}
job-queued-until = { $position ->
    [1] 次に描きます（{ $about }）。
   *[other] 順番待ちです（{ $position }番目、{ $about }）。
}
about-seconds = 約{ $count }秒
about-minutes = 約{ $count }分
about-hours = 約{ $count }時間
job-running = 描いています（{ $step } / { $steps } ステップ）。

## ジョブの結果

job-done = { $count ->
    [1] 絵ができました。
   *[other] 絵が{ $count }枚できました。
}
job-withheld = { $count ->
    [1] 絵はできましたが、ここではお見せできません。回数の上限には数えません。
   *[other] 絵が{ $count }枚できましたが、ここではお見せできません。回数の上限には数えません。
}
job-deleted = ジョブ{ $job }の絵は削除されました。
job-gone = ジョブ{ $job }の絵は、保存期間または容量の上限により削除されました。レシピは残っているので、描き直せます。
job-cancelled = ジョブ{ $job }は取り消されました。
job-expired = ジョブ{ $job }は待ち時間が長すぎたため、中止しました。もう一度お試しください。
job-failed-invalid-request = このモデルでは、ジョブ{ $job }をこの設定で描けません。サイズを変えるか、ステップ数を減らしてお試しください。
job-failed-model = ジョブ{ $job }のモデルを読み込めませんでした。原因はサービスのログに記録されています。
job-failed-out-of-memory = ジョブ{ $job }を描くためのメモリが足りませんでした。サイズを小さくしてお試しください。
job-failed-storage = ジョブ{ $job }の絵を保存できませんでした。原因はサービスのログに記録されています。
job-failed-stalled = ジョブ{ $job }は、2回とも途中で止まってしまいました。原因はサービスのログに記録されています。
job-failed-crashed = ジョブ{ $job }を描いている途中でサービスが2回停止したため、中止しました。
job-failed-internal = ジョブ{ $job }を描いている途中で問題が起きました。お手数ですが、もう一度お試しください。

## 結果に添える説明

note-prompt-truncated = プロンプトが長すぎるため、終わりの部分は絵に反映されていません。
note-withheld = ほかに{ $count }枚描きましたが、ここではお見せできません。
note-spoiler = うち{ $count }枚は、見る人を選ぶ可能性があるため、隠してあります。
note-blurred = うち{ $count }枚は、ここではそのままお見せできないため、ぼかしてあります。
note-gone = ほかの{ $count }枚は、もう残っていません。
note-enlarged = このモデルが学習したサイズは1つだけなので、描き直さずにそのまま{ $size }に拡大しました。
note-style = スタイル：{ $style }
note-prompt = 実際に使ったプロンプト：{ $prompt }
note-steps = ステップ数は{ $asked }ではなく、指定できる範囲の{ $used }で描きました。
note-guidance = ガイダンスは{ $asked }ではなく、指定できる範囲の{ $used }で描きました。
note-size = サイズは{ $asked }ではなく、指定できる範囲の{ $used }で描きました。
note-strength = 強さは{ $asked }ではなく、指定できる範囲の{ $used }で描きました。
note-clip-skip = Clip skipは{ $asked }ではなく、指定できる範囲の{ $used }で描きました。
note-count = 枚数は{ $asked }枚ではなく、一度に描ける{ $used }枚にしました。
recipe = シード { $seed } · { $steps }ステップ · ガイダンス { $guidance } · { $size } · { $scheduler } · { $model }
