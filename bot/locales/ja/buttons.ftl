## ボタン

button-again = もう一度
button-retry = やり直す
button-vary = 少し変える
button-vary-image = { $image }を少し変える
button-upscale = 大きくする
button-upscale-image = { $image }を大きくする
button-edit = 書き直す
button-recipe = レシピ
button-original = 元のファイル
button-delete = 削除
button-cancel = 取り消す
button-show = ジョブ{ $job }
button-older = 前のジョブ
button-newest = 最新に戻る
button-forget = すべて削除する
