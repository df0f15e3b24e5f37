// The sign's own files, on the sign.

importScripts("/static/shared/files-sw.js");
lookAfter("hansho-sign", ["/sign"], ["/static/"]);
