-- Run once by the PostgreSQL image, on an empty volume: a database for each service, and one for the event bus.
CREATE DATABASE users;
CREATE DATABASE inventory;
CREATE DATABASE payments;
CREATE DATABASE orders;
CREATE DATABASE bus;
