// The resident's pages' own files, on the telephone.

importScripts("/static/shared/files-sw.js");
lookAfter("hansho-resident", ["/", "/situation"], ["/static/resident/", "/static/shared/"]);
