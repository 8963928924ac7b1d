/* The program: starts the libraries and hands over to the command named first. */
#include <curl/curl.h>
#include <malloc.h>
#include <sodium.h>

#include "node/cmd/cmd.h"
#include "sync/volume.h"

int main(int argc, char **argv)
{
    struct ln_err err = { 0 };

    /* Many threads that work one after the other: an arena for each would keep what all of them
     * ever used. */
    (void)mallopt(M_ARENA_MAX, 2);
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !ln_volume_start(&err))
        return 1;
    int rc = ln_cmd_main(argc, argv);
    ln_volume_stop();
    curl_global_cleanup();
    return rc;
}
