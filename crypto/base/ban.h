/* Functions that do not tell, or cannot tell, how long their output is, or keep hidden state:
 * using one is a compile error. Included into every file by the Makefile (-include). */
#ifndef LN_BASE_BAN_H
#define LN_BASE_BAN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol atoll atof strncpy strncat
#pragma GCC poison gmtime localtime ctime asctime rand srand tmpnam mktemp

#endif
