#include "examples/prep/taxi.h"
#include "examples/prep/output.h"
#include "examples/prep/text.h"

enum { LINE_BYTES = 91, DAY = 86400, HOURS_MOST = 31 * 24, FIRST_WEEKDAY = 1 /* 2019-01-01 is a Tuesday */ };

const char taxi_header[] =
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,"
    "store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,"
    "tolls_amount,improvement_surcharge,total_amount,congestion_surcharge\n";

static const int days_of[TAXI_MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/* How busy each hour is, on working days and at the weekend. */
static const int busy[2][24] = {
    {9, 6, 4, 3, 3, 4, 9, 15, 19, 19, 18, 18, 19, 19, 20, 20, 18, 21, 25, 26, 24, 22, 20, 14},
    {20, 18, 15, 11, 7, 3, 3, 5, 8, 12, 15, 18, 20, 20, 20, 20, 20, 21, 22, 22, 20, 20, 20, 17},
};

typedef struct trip {
    int month, hour;                 /* hour: of the month */
    int64_t pickup;                  /* seconds of the month */
    int64_t seconds;                 /* it took */
    int64_t distance;                /* hundredths of a mile */
    int passengers;                  /* -1: not known */
    int rate, payment;               /* codes, as the city's */
    int64_t fare, tip, tolls, extra; /* cents */
} trip;

int taxi_trips(int64_t bytes)
{
    int64_t trips = bytes / ((int64_t)TAXI_MONTHS * LINE_BYTES);
    return trips < 1 ? 1 : trips > INT32_MAX ? INT32_MAX : (int)trips;
}

/* Which of the entries that a number below their sum falls into. */
static int pick(const int *shares, int64_t number)
{
    int i = 0;
    for (; number >= shares[i]; i++)
        number -= shares[i];
    return i;
}

static void drive(trip *t, uint64_t *random)
{
    static const int passengers[] = {15, 708, 146, 42, 20, 42, 27}; /* of 0 to 6, in thousandths */
    static const int payments[] = {0, 715, 274, 7, 4};              /* card, cash, no charge, dispute */
    uint64_t r = next_random(random);
    int64_t u = (int64_t)(r % 1000), pace = 150 + (int64_t)(r >> 10) % 250;
    int clock = t->hour % 24;
    t->pickup = (int64_t)t->hour * 3600 + (int64_t)((r >> 20) % 3600);
    t->distance = 40 + u * u * u / 700000;
    t->seconds = 60 + t->distance * pace / 100;
    r = next_random(random);
    t->passengers = r % 1000 < 4 ? -1 : pick(passengers, (int64_t)(r >> 12) % 1000);
    t->payment = pick(payments, (int64_t)(r >> 24) % 1000);
    t->rate = (r >> 36) % 100 < 2 ? 2 : 1; /* 2: JFK airport, at a fixed fare */
    t->extra = clock >= 20 || clock < 6 ? 50 : clock >= 16 ? 100 : 0;
    r = next_random(random);
    t->tolls = t->distance > 800 && r % 4 == 0 ? 576 : 0;
    t->fare = t->rate == 2 ? 5200 : 250 + 50 * (t->distance / 20 + t->seconds / 300);
    int64_t percent = (r >> 8) % 12 == 0 ? 0 : 14 + (int64_t)((r >> 16) % 14) + (clock >= 17 ? 2 : 0);
    t->tip = t->payment == 1 ? (t->fare + t->extra) * percent / 100 : 0;
    if ((r >> 32) % 1000 < 2) { /* a refund */
        t->fare = -t->fare;
        t->tip = 0;
    }
}

static char *put_time(char *at, int month, int64_t second)
{
    int year = 2019;
    if (second >= (int64_t)days_of[month] * DAY) { /* it ended in the month after */
        second -= (int64_t)days_of[month] * DAY;
        year += month == TAXI_MONTHS - 1;
        month = (month + 1) % TAXI_MONTHS;
    }
    at = put_digits(at, year, 4);
    *at++ = '-';
    at = put_digits(at, month + 1, 2);
    *at++ = '-';
    at = put_digits(at, second / DAY + 1, 2);
    *at++ = ' ';
    at = put_digits(at, second % DAY / 3600, 2);
    *at++ = ':';
    at = put_digits(at, second / 60 % 60, 2);
    *at++ = ':';
    return put_digits(at, second % 60, 2);
}

/* As the city does: 7, 0.5, 16.25. */
static char *put_cents(char *at, int64_t cents)
{
    if (cents < 0)
        *at++ = '-';
    cents = cents < 0 ? -cents : cents;
    at = put_whole(at, cents / 100);
    if (cents % 100) {
        *at++ = '.';
        at = put_digits(at, cents % 100 / 10, 1);
        if (cents % 10)
            at = put_digits(at, cents % 10, 1);
    }
    return at;
}

static char *put_trip(char *at, const trip *t, uint64_t random)
{
    const int64_t sign = t->fare < 0 ? -1 : 1, tax = 50 * sign, surcharge = 30 * sign;
    const int64_t congestion = 250 * sign;
    *at++ = random & 3 ? '2' : '1';
    *at++ = ',';
    at = put_time(at, t->month, t->pickup);
    *at++ = ',';
    at = put_time(at, t->month, t->pickup + t->seconds);
    *at++ = ',';
    at = t->passengers < 0 ? at : put_whole(at, t->passengers);
    *at++ = ',';
    at = put_whole(at, t->distance / 100);
    *at++ = '.';
    at = put_digits(at, t->distance % 100, 2);
    *at++ = ',';
    at = put_whole(at, t->rate);
    at = put_text(at, (random >> 2) % 200 ? ",N," : ",Y,");
    at = put_whole(at, 1 + (int64_t)((random >> 12) % 265));
    *at++ = ',';
    at = put_whole(at, 1 + (int64_t)((random >> 24) % 265));
    *at++ = ',';
    at = put_whole(at, t->payment);
    const int64_t amounts[] = {t->fare, t->extra * sign, tax, t->tip, t->tolls, surcharge};
    int64_t total = t->month > 0 ? congestion : 0;
    for (int i = 0; i < 6; i++) {
        *at++ = ',';
        at = put_cents(at, amounts[i]);
        total += amounts[i];
    }
    *at++ = ',';
    at = put_cents(at, total);
    *at++ = ','; /* the congestion surcharge began in February */
    at = t->month > 0 ? put_cents(at, congestion) : at;
    *at++ = '\n';
    return at;
}

/* Trips of each hour of the month, by how busy it is; they add up. */
static int spread(int month, int trips, int of_hour[HOURS_MOST])
{
    int weekday = FIRST_WEEKDAY, hours = days_of[month] * 24;
    for (int m = 0; m < month; m++)
        weekday += days_of[m];
    int64_t all = 0, seen = 0;
    for (int h = 0; h < hours; h++)
        all += busy[(weekday + h / 24) % 7 >= 5][h % 24];
    for (int h = 0; h < hours; h++) {
        int64_t before = seen;
        seen += busy[(weekday + h / 24) % 7 >= 5][h % 24];
        of_hour[h] = (int)(seen * trips / all - before * trips / all);
    }
    return hours;
}

oct_err taxi_write_csv(int month, int trips, uint64_t seed, const char *path, int64_t *bytes, oct_error *err)
{
    output out;
    int of_hour[HOURS_MOST], hours = spread(month, trips, of_hour);
    oct_err code = output_begin(&out, path, err);
    if (code != OCT_OK)
        return code;
    uint64_t random = seed + 0x7461786900u * (uint64_t)(month + 1);
    code = output_line(&out, put_text(out.at, taxi_header), err);
    for (int h = 0; code == OCT_OK && h < hours; h++)
        for (int i = 0; code == OCT_OK && i < of_hour[h]; i++) {
            trip t = {.month = month, .hour = h};
            drive(&t, &random);
            code = output_line(&out, put_trip(out.at, &t, next_random(&random)), err);
        }
    code = output_end(&out, code, err);
    if (code == OCT_OK)
        *bytes = out.bytes;
    return code;
}
