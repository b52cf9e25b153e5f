-- src/index.js --
import jwt from 'jsonwebtoken';
export const handler = async ({ payload }) => {
  jwt.verify(payload.token, process.env.KEY);
  return jwt.decode(payload.token).sub;
};
