-- Under which id a platform has a picture already, so that it need not be uploaded again. The hash is that of the picture,
-- or the name of something that every installation has. The ids of one account of a platform mean nothing to another.
CREATE TABLE platform_files (
    hash    TEXT NOT NULL,
    account TEXT NOT NULL,
    kind    TEXT NOT NULL,
    file_id TEXT NOT NULL,
    PRIMARY KEY (hash, account, kind)
) STRICT, WITHOUT ROWID;

-- A picture that is gone here is not shown by its id either.
CREATE TRIGGER platform_files_image_gone AFTER UPDATE OF is_gone ON images WHEN new.is_gone = 1 BEGIN
    DELETE FROM platform_files WHERE hash = new.hash
        AND NOT EXISTS (SELECT 1 FROM images WHERE hash = new.hash AND is_gone = 0);
END;
CREATE TRIGGER platform_files_image_deleted AFTER DELETE ON images BEGIN
    DELETE FROM platform_files WHERE hash = old.hash
        AND NOT EXISTS (SELECT 1 FROM images WHERE hash = old.hash AND is_gone = 0);
END;
